// Pieces that the files don't hold any more, and disks that take nothing for a while.
#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

constexpr std::uint8_t dont_have_id = 7;  // as these peers want it

struct LossTest : SessionTest {
    LossTest() { seeding = true; }

    void start_seed() {
        start();
        torrents[0]->downloads = false;
    }
    /// Is told of lost pieces (BEP 54), and served.
    TestPeer& connect_telling_peer() {
        TestPeer& peer = connect_peer({.extensions = true});
        say(peer,
            extended(0, as_bytes("d1:md11:lt_donthavei7eee")) + message(MessageId::interested));
        return peer;
    }
    std::size_t doubt(std::vector<PieceIndex> pieces) {
        const std::size_t count = session->doubt_pieces(TorrentId(0), pieces, now);
        run();
        return count;
    }
    void settle(std::vector<PieceIndex> good, std::vector<PieceIndex> bad) {
        session->settle_pieces(TorrentId(0), {std::move(good), std::move(bad)}, now);
        run();
    }
    static std::vector<std::uint32_t> lost_as_told(const TestPeer& peer) {
        std::vector<std::uint32_t> pieces;
        for (const ByteVector& body : peer.extended(dont_have_id))
            pieces.push_back(load_be<std::uint32_t>(body.data()));
        return pieces;
    }
};

TEST_F(LossTest, PeersAreToldOfLostPiecesAndTheirRequestsRejected) {
    start_seed();
    TestPeer& peer = connect_telling_peer();
    session->handle_received(peer.id, request(block(1)) + request(block(2)), now);
    EXPECT_EQ(doubt({PieceIndex(2), PieceIndex(5)}), 2U);
    EXPECT_EQ(lost_as_told(peer), (std::vector<std::uint32_t>{2, 5}));
    EXPECT_EQ(peer.blocks, std::vector<BlockRef>{block(1)});
    EXPECT_EQ(peer.block_refs(MessageId::reject_request), std::vector<BlockRef>{block(2)});
    say(peer, request(block(5)));
    EXPECT_EQ(peer.blocks.size(), 1U) << "nothing in doubt is served";
    EXPECT_EQ(torrents[0]->pieces.stored_count(), piece_count - 2);
    EXPECT_EQ(doubt({PieceIndex(2)}), 0U) << "it is in doubt already";
}

TEST_F(LossTest, APeerThatCannotBeToldIsClosedUnlessItHasThePieces) {
    start_seed();
    TestPeer& ignorant = connect_peer();
    say(ignorant, message(MessageId::interested));
    TestPeer& owner = connect_peer();
    say(owner, have(2));
    doubt({PieceIndex(2)});
    EXPECT_TRUE(ignorant.closed);
    EXPECT_FALSE(owner.closed);
    EXPECT_EQ(drops(DropReason::pieces_lost), 1U);
    TestPeer& again = connect_peer();
    EXPECT_EQ(again.count(MessageId::have_all), 0U) << "newcomers see what there is";
}

TEST_F(LossTest, WhatACheckFindsAgainIsAnnouncedAndServed) {
    start_seed();
    TestPeer& peer = connect_telling_peer();
    doubt({PieceIndex(2), PieceIndex(5)});
    settle({PieceIndex(2)}, {PieceIndex(5)});
    advance(100ms);
    EXPECT_EQ(peer.haves(), std::vector<PieceIndex>{PieceIndex(2)});
    say(peer, request(block(2)) + request(block(5)));
    EXPECT_EQ(peer.blocks, std::vector<BlockRef>{block(2)});
    EXPECT_EQ(completed.size(), 1U) << "what waited for it to be complete goes on";
    settle({PieceIndex(5)}, {});
    advance(100ms);
    EXPECT_EQ(peer.haves().size(), 2U) << "a file that was lost came back";
    EXPECT_EQ(torrents[0]->pieces.stored_count(), piece_count);
    EXPECT_TRUE(failed.empty());
}

TEST_F(LossTest, ASeedDoesNotGetAgainWhatItLost) {
    start_seed();
    TestPeer& peer = connect_telling_peer();
    doubt({PieceIndex(2)});
    settle({}, {PieceIndex(2)});
    say(peer, have(2) + message(MessageId::unchoke));
    advance(2s);
    EXPECT_TRUE(peer.requests.empty());
    EXPECT_EQ(peer.count(MessageId::interested), 0U);
}

TEST_F(LossTest, ADownloadGetsAgainWhatItLostAndCompletesAgain) {
    trackers = {{"http://tracker/"}};
    start();
    TestPeer& peer = connect_telling_peer();
    say(peer, have(2) + message(MessageId::unchoke));
    doubt({PieceIndex(2), PieceIndex(5)});
    EXPECT_TRUE(peer.requests.empty()) << "nothing in doubt is got before it was checked";
    settle({PieceIndex(5)}, {PieceIndex(2)});
    EXPECT_EQ(peer.count(MessageId::interested), 1U);
    ASSERT_FALSE(peer.requests.empty());
    answer_requests(peer);
    hash_next(true);
    write_next();
    EXPECT_TRUE(torrents[0]->pieces.complete());
    EXPECT_EQ(completed.size(), 1U);
    EXPECT_EQ(torrents[0]->counters.stored.load(), 0U) << "as before";
}

TEST_F(LossTest, WhatWasNotAnnouncedYetNeedNotBeTakenBack) {
    seeding = false;
    start();
    TestPeer& source = connect_seed({.extensions = true});
    TestPeer& other = connect_telling_peer();
    answer_requests(source);
    hash_next(true);
    const PieceIndex piece = writes.front().piece;
    session->handle_piece_written(TorrentId(0), piece, now);
    writes.pop_front();
    doubt({piece});
    advance(100ms);
    EXPECT_TRUE(other.haves().empty());
    EXPECT_TRUE(lost_as_told(other).empty());
}

TEST_F(LossTest, ASuperSeedThatLosesPiecesBeginsAnewAsAPlainSeed) {
    options.super_seed = true;
    start_seed();
    TestPeer& peer = connect_telling_peer();
    doubt({PieceIndex(2)});
    EXPECT_TRUE(peer.closed);
    TestPeer& next = connect_telling_peer();
    EXPECT_EQ(next.count(MessageId::bitfield), 1U);
}

TEST_F(LossTest, LettersOfOtherCoresThatOvertakeOneAnotherLeadToWhatHolds) {
    options.core_count = 2;
    start_seed();
    TestPeer& peer = connect_telling_peer();
    ASSERT_TRUE(torrents[0]->pieces.doubt(PieceIndex(2)));
    session->handle_message(PiecesStored{TorrentId(0), {PieceIndex(2)}}, now);
    session->handle_message(PiecesChanged{TorrentId(0), {PieceIndex(2)}}, now);
    session->handle_message(PiecesStored{TorrentId(0), {PieceIndex(2)}}, now);
    run();
    EXPECT_EQ(lost_as_told(peer), std::vector<std::uint32_t>{2});
    EXPECT_FALSE(session->find_torrent(TorrentId(0))->known_stored.test(2));
}

// --- A disk that takes nothing

struct PauseTest : LossTest {
    PauseTest() { seeding = false; }
};

TEST_F(PauseTest, NothingIsAskedForUntilTheDiskTakesItAgain) {
    start();
    TestPeer& peer = connect_seed();
    ASSERT_FALSE(peer.requests.empty());
    const std::vector<BlockRef> asked = peer.requests;
    session->pause_download(TorrentId(0), "can't write x: no space left on device", now);
    run();
    EXPECT_EQ(peer.block_refs(MessageId::cancel), asked);
    EXPECT_EQ(peer.count(MessageId::not_interested), 1U);
    EXPECT_EQ(session->buffers().in_use(), 0U);
    peer.requests.clear();
    advance(10s);
    EXPECT_TRUE(peer.requests.empty());
    ASSERT_EQ(paused.size(), 1U);
    session->resume_download(TorrentId(0), now);
    run();
    EXPECT_EQ(resumed.size(), 1U);
    EXPECT_FALSE(peer.requests.empty());
    EXPECT_TRUE(failed.empty());
}

TEST_F(PauseTest, AReceiveInFlightKeepsItsBufferUntilItEnds) {
    start();
    TestPeer& peer = connect_seed();
    ASSERT_TRUE(begin_receive(peer));
    session->pause_download(TorrentId(0), "full", now);
    run();
    EXPECT_GE(peer.cancelled_receives, 1U);
    EXPECT_GT(session->buffers().in_use(), 0U);
    end_receive(peer, {});
    EXPECT_EQ(session->buffers().in_use(), 0U);
}

TEST_F(PauseTest, APieceThatCannotBeWrittenIsMissingAgain) {
    start();
    TestPeer& peer = connect_seed();
    answer_requests(peer);
    hash_next(true);
    const WritePiece order = writes.front();
    writes.pop_front();
    session->pause_download(TorrentId(0), "full", now);
    session->handle_piece_unwritten(order.torrent, order.piece, now);
    run();
    EXPECT_TRUE(torrents[0]->pieces.missing(order.piece));
}

TEST_F(PauseTest, TheLastOfTwoCoresThatWaitLetsItGoOn) {
    options.core_count = 2;
    start();
    TestPeer& peer = connect_seed();
    ++torrents[0]->failing_writers;
    session->handle_message(PauseChanged{TorrentId(0)}, now);
    session->pause_download(TorrentId(0), "full", now);
    run();
    EXPECT_TRUE(paused.empty()) << "the other core has said so";
    session->resume_download(TorrentId(0), now);
    run();
    peer.requests.clear();
    advance(1s);
    EXPECT_TRUE(peer.requests.empty());
    EXPECT_TRUE(resumed.empty());
    --torrents[0]->failing_writers;
    session->handle_message(PauseChanged{TorrentId(0)}, now);
    run();
    EXPECT_FALSE(peer.requests.empty());
}

TEST_F(PauseTest, APeerThatOwesUsBlocksAndIsSilentIsGivenUpAndASlowOneIsNot) {
    start();
    TestPeer& silent = connect_seed();
    TestPeer& slow = connect_seed();
    for (int i = 0; i < 4; ++i) {
        advance(40s);
        say(slow, {std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}});
    }
    EXPECT_TRUE(silent.closed);
    EXPECT_FALSE(slow.closed);
    EXPECT_EQ(drops(DropReason::owes_and_is_silent), 1U);
}

}  // namespace
}  // namespace spate::session
