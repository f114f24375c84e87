// What we ask of peers.
#include <algorithm>
#include <functional>

#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct RequestsTest : SessionTest {
    /// Starts with a torrent that knows something of its pieces before the session does.
    void start_with(const std::function<void(SharedTorrent&)>& prepare) {
        start(false);
        torrents.push_back(std::make_unique<SharedTorrent>(
            TorrentId(0), CoreIndex(0),
            std::make_shared<const metainfo::Metainfo>(test_content(piece_count))));
        prepare(*torrents[0]);
        session->add_torrent(*torrents[0], {}, now);
        run();
    }
    const swarm::Picker& picker() const { return *session->find_torrent(TorrentId(0))->picker; }
    std::uint64_t wasted() const { return torrents[0]->counters.wasted; }
};

TEST_F(RequestsTest, NothingIsAskedOfAPeerThatChokesUs) {
    start();
    TestPeer& peer = connect_peer();
    say(peer, message(MessageId::have_all));
    EXPECT_TRUE(peer.requests.empty());
    say(peer, message(MessageId::unchoke));
    EXPECT_EQ(peer.requests.size(), 16U);
}

TEST_F(RequestsTest, AnAllowedFastPieceIsAskedForNevertheless) {
    start();
    TestPeer& peer = connect_peer();
    ByteVector allowed;
    wire::append_allowed_fast(allowed, PieceIndex(3));
    say(peer, message(MessageId::have_all) + allowed);
    ASSERT_EQ(peer.requests.size(), 4U);
    for (const BlockRef& asked : peer.requests) EXPECT_EQ(asked.piece, PieceIndex(3));
}

TEST_F(RequestsTest, BlocksThatComeMakeRoomForMore) {
    start();
    TestPeer& peer = connect_seed();
    const std::size_t before = peer.count(MessageId::request);
    answer_requests(peer);
    EXPECT_GT(peer.count(MessageId::request), before);
    EXPECT_EQ(wasted(), 0U);
}

TEST_F(RequestsTest, HowLongABlockTookToComeIsRecordedWhenItComes) {
    const auto latencies = std::make_unique<StageLatencies>();
    options.latencies = latencies.get();
    start();
    TestPeer& peer = connect_seed();
    const LatencyHistogram& block = (*latencies)[LatencyStage::block];
    const std::size_t asked = peer.requests.size();
    advance(30ms);
    EXPECT_EQ(block.count(), 0U);
    answer_requests(peer);
    EXPECT_EQ(block.max(), 30ms);
    EXPECT_GE(block.count(), asked);
    session.reset();
}

TEST_F(RequestsTest, ASilentPeerLosesItsBlocksAfterTwentySecondsAndOthersGetThem) {
    piece_count = 2;  // six blocks
    start();
    TestPeer& silent = connect_seed();
    const std::vector<BlockRef> held = silent.requests;
    EXPECT_EQ(held.size(), 6U);
    TestPeer& other = connect_seed();
    EXPECT_TRUE(other.requests.empty()) << "nothing is left, and the endgame needs patience";
    silent.requests.clear();
    // Without an endgame: the other peer is choked until the silence is noticed.
    say(other, message(MessageId::choke));
    advance(21s);
    say(other, message(MessageId::unchoke));
    for (const BlockRef& lost : held)
        EXPECT_NE(std::ranges::find(other.requests, lost), other.requests.end());
    EXPECT_LE(state_of(silent).window.outstanding(), 1U) << "it is tried with one at a time";
}

TEST_F(RequestsTest, WhatASilentPeerSendsLateAfterAllWasAskedFor) {
    piece_count = 64;
    start();
    TestPeer& slow = connect_seed();
    for (int round = 0; round < 200; ++round) {
        const std::vector<BlockRef> late = std::exchange(slow.requests, {});
        advance(21s);
        for (const BlockRef& block : late) {
            EXPECT_GE(std::ranges::count(slow.block_refs(MessageId::cancel), block), 1);
            say(slow, piece(block));
        }
        ASSERT_FALSE(slow.closed) << "after " << round;
        if (slow.requests.empty()) break;
    }
    EXPECT_EQ(state_of(slow).discarded_blocks, 0U);
}

TEST_F(RequestsTest, AStalledPeerThatAnswersGetsAWholeWindowAgain) {
    piece_count = 64;
    start();
    TestPeer& peer = connect_seed();
    peer.requests.clear();
    advance(21s);
    ASSERT_EQ(peer.requests.size(), 1U);
    answer_requests(peer);
    EXPECT_GE(peer.requests.size(), 16U);
}

TEST_F(RequestsTest, LateBlocksAreWastedNotHarmful) {
    start();
    TestPeer& peer = connect_seed({.fast = false});
    const BlockRef asked = peer.requests.front();
    say(peer, message(MessageId::choke));
    say(peer, piece(asked));
    EXPECT_FALSE(peer.closed);
    EXPECT_EQ(wasted(), block_size_bytes);
}

TEST_F(RequestsTest, AChokeAndABlockInOnePacketAreFine) {
    start();
    TestPeer& peer = connect_seed({.fast = false});
    const BlockRef asked = peer.requests.front();
    say(peer, message(MessageId::choke) + piece(asked));
    EXPECT_FALSE(peer.closed);
    EXPECT_EQ(state_of(peer).window.outstanding(), 0U);
}

TEST_F(RequestsTest, ARejectAndItsBlockInOnePacketAreFine) {
    start();
    TestPeer& peer = connect_seed();
    const BlockRef asked = peer.requests.front();
    say(peer, reject(asked) + piece(asked));
    EXPECT_FALSE(peer.closed);
}

TEST_F(RequestsTest, ARejectedBlockIsAskedOfAnother) {
    piece_count = 2;
    start();
    TestPeer& first = connect_seed();
    TestPeer& second = connect_seed();
    say(first, message(MessageId::choke));
    const std::vector<BlockRef> asked = std::exchange(first.requests, {});
    for (const BlockRef& one : asked) say(first, reject(one));
    EXPECT_EQ(second.requests.size(), asked.size()) << "at once";
    EXPECT_TRUE(first.requests.empty()) << "it chokes us";
}

TEST_F(RequestsTest, TheBlocksOfAPeerThatLeavesAreAskedOfAnother) {
    piece_count = 2;
    start();
    TestPeer& first = connect_seed();
    TestPeer& second = connect_seed();
    hang_up(first);
    EXPECT_EQ(second.requests.size(), 6U) << "at once";
}

TEST_F(RequestsTest, TheBlocksOfAPeerThatChokesAreAskedOfAnotherAtOnce) {
    piece_count = 2;
    start();
    TestPeer& first = connect_seed({.fast = false});
    TestPeer& second = connect_seed();
    say(first, message(MessageId::choke));
    EXPECT_EQ(second.requests.size(), 6U);
}

TEST_F(RequestsTest, APeerThatRejectsThoughItServesUsIsAskedAgainAfterAWhile) {
    piece_count = 2;
    start();
    TestPeer& peer = connect_seed();
    ASSERT_EQ(peer.requests.size(), 6U);
    for (int round = 0; round < 3; ++round)
        for (const BlockRef& one : std::exchange(peer.requests, {})) say(peer, reject(one));
    EXPECT_TRUE(peer.requests.empty());
    advance(4s);
    EXPECT_TRUE(peer.requests.empty());
    advance(2s);
    EXPECT_EQ(peer.requests.size(), 6U);
    EXPECT_EQ(peer.count(MessageId::request), 12U);
}

TEST_F(RequestsTest, ASuggestedPieceIsAskedForNext) {
    piece_count = 64;
    start();
    TestPeer& peer = connect_peer();
    ByteVector suggestion;
    wire::append_suggest(suggestion, PieceIndex(41));
    say(peer, message(MessageId::have_all) + suggestion + message(MessageId::unchoke));
    ASSERT_GE(peer.requests.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(peer.requests[i].piece, PieceIndex(41));
}

TEST_F(RequestsTest, PreferredPiecesAreAskedForBeforeAllOthers) {
    piece_count = 64;
    start_with([&](SharedTorrent& torrent) {
        torrent.preferred = Bitfield(piece_count);
        torrent.preferred.set(17);
        torrent.preferred.set(60);
    });
    TestPeer& peer = connect_seed();
    ASSERT_GE(peer.requests.size(), 9U);
    for (std::size_t i = 0; i < 8; ++i)
        EXPECT_TRUE(peer.requests[i].piece == PieceIndex(17) ||
                    peer.requests[i].piece == PieceIndex(60));
    EXPECT_NE(peer.requests[8].piece, PieceIndex(17));
    EXPECT_NE(peer.requests[8].piece, PieceIndex(60));
}

TEST_F(RequestsTest, WhoHasOnlySkippedPiecesIsNotInteresting) {
    start_with([](SharedTorrent& torrent) { torrent.pieces.set_skipped(PieceIndex(5)); });
    TestPeer& peer = connect_peer();
    say(peer, have(5));
    EXPECT_FALSE(state_of(peer).we_are_interested);
    say(peer, have(6));
    EXPECT_TRUE(state_of(peer).we_are_interested);
}

TEST_F(RequestsTest, InTheEndgameTheSlowerPeersHearCancel) {
    piece_count = 2;
    start();
    TestPeer& first = connect_seed();
    TestPeer& second = connect_seed();
    advance(1s);
    ASSERT_EQ(second.requests.size(), 6U) << "the endgame";
    const BlockRef both = first.requests.front();
    say(second, piece(both));
    EXPECT_EQ(first.block_refs(MessageId::cancel), std::vector<BlockRef>{both});
    EXPECT_EQ(first.requests.size(), 5U);
    say(first, piece(both));  // it was on its way
    EXPECT_EQ(wasted(), block_size_bytes);
    EXPECT_FALSE(first.closed);
}

TEST_F(RequestsTest, MuchPayloadNobodyAskedForEndsTheConnection) {
    start();
    TestPeer& peer = connect_peer();
    constexpr int discarded_blocks_max = 2'000;
    const ByteVector unasked = piece({PieceIndex(1), 0, 1});
    for (int i = 0; i < discarded_blocks_max; ++i) say(peer, unasked);
    EXPECT_FALSE(peer.closed);
    say(peer, unasked);
    EXPECT_TRUE(peer.closed);
    EXPECT_EQ(drops(DropReason::unrequested_data), 1U);
}

TEST_F(RequestsTest, WithoutABufferNothingIsAskedForUntilOneIsFree) {
    options.buffer_budget_bytes = piece_length;
    start();
    TestPeer& first = connect_seed();
    ASSERT_EQ(first.requests.size(), 4U) << "one piece";
    TestPeer& second = connect_seed();
    EXPECT_TRUE(second.requests.empty());
    answer_requests(first);
    hash_next(true);
    write_next();
    EXPECT_GT(first.requests.size() + second.requests.size(), 0U);
    EXPECT_EQ(session->buffers().in_use(), 1U);
}

}  // namespace
}  // namespace spate::session
