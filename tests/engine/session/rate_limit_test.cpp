// Rate limits pause and resume connections.
#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct RateLimitTest : SessionTest {
    /// Asks for all blocks of the first seven pieces.
    void ask_for_much(TestPeer& peer) {
        ByteVector requests = message(MessageId::interested);
        for (std::uint32_t i = 0; i < 28; ++i) requests = requests + request(block(i / 4, i % 4));
        say(peer, requests);
    }
    /// Sends what is asked for until the session wants to hear no more.
    std::size_t give_until_paused(TestPeer& peer) {
        std::size_t given = 0;
        while (given < 100 && !peer.requests.empty() && session->may_receive(peer.id, now)) {
            const BlockRef asked = peer.requests.front();
            peer.requests.erase(peer.requests.begin());
            say(peer, piece(asked));
            ++given;
        }
        return given;
    }
    /// The second torrent; the first has the limits that were set before start().
    void add_unlimited_torrent() {
        torrent_up_limit = torrent_down_limit = 0;
        add_torrent(test_content(piece_count, 2), TorrentId(1));
    }
};

TEST_F(RateLimitTest, AnUploadLimitPausesAndResumes) {
    seeding = true;
    up_limit = 160 * 1024;  // ten blocks a second
    start();
    TestPeer& peer = connect_peer();
    ask_for_much(peer);
    EXPECT_GE(peer.blocks.size(), 1U);
    EXPECT_LE(peer.blocks.size(), 3U) << "a burst of a tenth of a second";
    const std::size_t burst = peer.blocks.size();
    advance(1s);
    EXPECT_NEAR(static_cast<double>(peer.blocks.size() - burst), 10, 1);
    advance(2s);
    EXPECT_EQ(peer.blocks.size(), 28U);
}

TEST_F(RateLimitTest, ControlMessagesAreNotHeldBackByTheUploadLimit) {
    seeding = true;
    up_limit = 1'000;
    start();
    TestPeer& peer = connect_peer();
    say(peer, message(MessageId::interested) + request(block(0)) + request(block(0, 1)));
    EXPECT_LE(peer.blocks.size(), 1U);
    say(peer, cancel(block(0, 1)));
    EXPECT_EQ(peer.count(MessageId::reject_request), 1U);
}

TEST_F(RateLimitTest, TheUploadLimitIsSharedByAllPeers) {
    seeding = true;
    up_limit = 320 * 1024;
    start();
    for (int i = 0; i < 4; ++i) ask_for_much(connect_peer());
    advance(2s);
    std::size_t sent = 0;
    for (const auto& peer : peers) {
        EXPECT_GT(peer->blocks.size(), 0U);
        sent += peer->blocks.size();
    }
    EXPECT_NEAR(static_cast<double>(sent), 42, 5);
}

TEST_F(RateLimitTest, ADownloadLimitPausesAndResumes) {
    down_limit = 160 * 1024;
    piece_count = 64;
    start();
    TestPeer& peer = connect_seed();
    EXPECT_FALSE(begin_receive(peer)) << "small receives keep the rate smooth";
    EXPECT_LE(give_until_paused(peer), 3U);
    EXPECT_EQ(peer.resumed_receives, 0U);
    EXPECT_FALSE(session->may_receive(peer.id, now));
    advance(1s);
    EXPECT_EQ(peer.resumed_receives, 1U) << "told once";
    EXPECT_TRUE(session->may_receive(peer.id, now));
}

TEST_F(RateLimitTest, ATorrentsUploadLimitLeavesOtherTorrentsAlone) {
    seeding = true;
    torrent_up_limit = 160 * 1024;
    start();
    add_unlimited_torrent();
    TestPeer& limited = connect_peer();
    TestPeer& unlimited = connect_peer({.torrent = 1});
    ask_for_much(limited);
    ask_for_much(unlimited);
    EXPECT_EQ(unlimited.blocks.size(), 28U);
    const std::size_t burst = limited.blocks.size();
    EXPECT_LE(burst, 3U);
    advance(1s);
    EXPECT_NEAR(static_cast<double>(limited.blocks.size() - burst), 10, 1);
}

TEST_F(RateLimitTest, ATorrentsDownloadLimitLeavesOtherTorrentsAlone) {
    torrent_down_limit = 160 * 1024;
    piece_count = 64;
    start();
    add_unlimited_torrent();
    TestPeer& limited = connect_seed();
    TestPeer& unlimited = connect_seed({.torrent = 1});
    EXPECT_FALSE(begin_receive(limited)) << "small receives keep the rate smooth";
    EXPECT_LE(give_until_paused(limited), 3U);
    EXPECT_TRUE(session->may_receive(unlimited.id, now));
    advance(1s);
    EXPECT_EQ(limited.resumed_receives, 1U);
    EXPECT_EQ(unlimited.resumed_receives, 0U);
    EXPECT_TRUE(session->may_receive(limited.id, now));
}

TEST_F(RateLimitTest, ATorrentsLimitIsWithinTheOneOfAll) {
    seeding = true;
    up_limit = 160 * 1024;
    torrent_up_limit = 10 * up_limit;
    start();
    TestPeer& peer = connect_peer();
    ask_for_much(peer);
    const std::size_t burst = peer.blocks.size();
    advance(1s);
    EXPECT_NEAR(static_cast<double>(peer.blocks.size() - burst), 10, 1);
}

TEST_F(RateLimitTest, APausedConnectionThatGoesIsNotResumed) {
    down_limit = 1'000;
    seeding = true;
    up_limit = 1'000;
    start();
    TestPeer& peer = connect_peer();
    say(peer, message(MessageId::interested) + request(block(0)) + request(block(1)));
    EXPECT_FALSE(session->may_receive(peer.id, now));
    hang_up(peer);
    advance(60s);
    EXPECT_EQ(peer.resumed_receives, 0U);
    EXPECT_LE(peer.blocks.size(), 1U);
}

}  // namespace
}  // namespace spate::session
