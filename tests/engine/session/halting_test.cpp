// Torrents that end while others go on.
#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct HaltingTest : SessionTest {
    TestPeer& connect_seed_of_second() {
        TestPeer& peer = accept();
        wire::Handshake hello = handshake_of(210, {});
        hello.info_hash = torrents[1]->metainfo->info_hash;
        say(peer, handshake(hello) + message(MessageId::have_all) + message(MessageId::unchoke));
        return peer;
    }
};

TEST_F(HaltingTest, AFailedTorrentEndsAndAnotherGoesOn) {
    start();
    add_torrent(test_content(4, 2), TorrentId(1));
    TestPeer& first = connect_seed();
    TestPeer& second = connect_seed_of_second();
    session->fail_torrent(TorrentId(0), "can't write x: no space left on device", now);
    run();
    ASSERT_EQ(failed.size(), 1U);
    EXPECT_EQ(failed[0].torrent, TorrentId(0));
    EXPECT_TRUE(first.closed);
    EXPECT_FALSE(second.closed);
    EXPECT_EQ(drops(DropReason::torrent_halted), 1U);
    answer_requests(second);
    EXPECT_FALSE(hashes.empty());
    EXPECT_TRUE(connect_peer().closed) << "nobody is let in again";
    session->fail_torrent(TorrentId(0), "again", now);
    run();
    EXPECT_EQ(failed.size(), 1U);
}

TEST_F(HaltingTest, AHaltedTorrentGivesItsBuffersBack) {
    start();
    TestPeer& peer = connect_seed();
    EXPECT_GT(session->buffers().in_use(), 0U);
    (void)peer;
    session->stop_torrent(TorrentId(0), now);
    run();
    EXPECT_EQ(session->buffers().in_use(), 0U);
    EXPECT_EQ(torrents[0]->pieces.missing_count(), piece_count);
}

TEST_F(HaltingTest, BuffersOfReceivesInFlightAreGivenBackWhenTheyEnd) {
    start();
    TestPeer& peer = connect_seed();
    ASSERT_TRUE(begin_receive(peer));
    session->stop_torrent(TorrentId(0), now);
    run();
    EXPECT_GT(session->buffers().in_use(), 0U);
    end_receive(peer, {});
    EXPECT_EQ(session->buffers().in_use(), 0U);
}

TEST_F(HaltingTest, APieceThatIsBeingHashedOrWrittenComesBackToAHaltedTorrent) {
    start();
    TestPeer& peer = connect_seed();
    for (int i = 0; i < 3; ++i) answer_requests(peer);
    ASSERT_GE(hashes.size(), 2U);
    hash_next(true);
    session->stop_torrent(TorrentId(0), now);
    run();
    while (!hashes.empty()) hash_next(true);
    EXPECT_EQ(writes.size(), 1U) << "nothing new is written";
    write_next();
    EXPECT_EQ(session->buffers().in_use(), 0U);
}

TEST_F(HaltingTest, CallsAndHandshakesUnderWayEndWithTheTorrent) {
    start();
    session->handle_message(
        PeersFound{TorrentId(0),
                   {*Endpoint::parse("10.0.0.200:1"), *Endpoint::parse("10.0.0.200:2")},
                   false},
        now);
    advance(100ms);
    ASSERT_EQ(calls.size(), 2U);
    TestPeer& shaking = answer_call();
    session->stop_torrent(TorrentId(0), now);
    run();
    say(shaking, handshake(handshake_of(9, {})));
    EXPECT_TRUE(shaking.closed);
    EXPECT_EQ(torrents[0]->counters.peers, 0U);
    EXPECT_EQ(session->connection_count(), 0U);
}

TEST_F(HaltingTest, ClosingAllClosesWhatHasNoTorrentYet) {
    start();
    TestPeer& nameless = accept();
    TestPeer& joined = connect_peer();
    session->close_all(now);
    run();
    EXPECT_TRUE(nameless.closed);
    EXPECT_TRUE(joined.closed);
    EXPECT_EQ(session->connection_count(), 0U);
}

}  // namespace
}  // namespace spate::session
