// A piece from its last block to the HAVE.
#include <algorithm>
#include <gmock/gmock.h>

#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct PiecesTest : SessionTest {
    /// Until nothing is asked for any more.
    void download_from(TestPeer& peer) {
        for (int i = 0; i < 1'000 && !peer.closed && !peer.requests.empty(); ++i) {
            answer_requests(peer);
            while (!hashes.empty()) hash_next(true);
            while (!writes.empty()) write_next();
        }
    }
    /// Only this piece, all of it.
    TestPeer& connect_owner_of(std::uint32_t piece) {
        TestPeer& peer = connect_peer();
        say(peer, have(piece) + message(MessageId::unchoke));
        return peer;
    }
};

TEST_F(PiecesTest, APieceIsHashedThenWrittenThenStored) {
    start();
    TestPeer& peer = connect_owner_of(3);
    answer_requests(peer);
    ASSERT_EQ(hashes.size(), 1U);
    EXPECT_EQ(hashes[0].piece, PieceIndex(3));
    EXPECT_EQ(hashes[0].size_bytes, piece_length);
    EXPECT_TRUE(writes.empty());
    hash_next(true);
    ASSERT_EQ(writes.size(), 1U);
    EXPECT_FALSE(torrents[0]->pieces.stored(PieceIndex(3)));
    write_next();
    EXPECT_TRUE(torrents[0]->pieces.stored(PieceIndex(3)));
    EXPECT_EQ(torrents[0]->counters.stored, piece_length);
    EXPECT_EQ(session->buffers().in_use(), 0U);
}

TEST_F(PiecesTest, ThePayloadIsInTheBufferThatIsHashed) {
    start();
    TestPeer& peer = connect_owner_of(3);
    std::uint8_t fill = 1;
    for (const BlockRef asked : std::exchange(peer.requests, {}))
        say(peer, piece(asked, std::byte{fill++}));
    const MutableBytes buffer = session->buffers().table().at(hashes.at(0).buffer);
    for (std::uint32_t i = 0; i < 4; ++i)
        EXPECT_EQ(buffer[i * block_size_bytes + 5], std::byte(i + 1));
}

TEST_F(PiecesTest, AStoredPieceIsAnnouncedInABatchAndNotToThoseThatHaveIt) {
    start();
    TestPeer& owner = connect_owner_of(3);
    TestPeer& other = connect_peer();
    TestPeer& both = connect_peer();
    say(both, have(3) + have(4) + message(MessageId::unchoke));
    answer_requests(owner);
    answer_requests(both);
    ASSERT_EQ(hashes.size(), 2U);
    hash_next(true);
    hash_next(true);
    write_next();
    write_next();
    EXPECT_TRUE(other.haves().empty()) << "they wait for one another";
    advance(150ms);
    EXPECT_THAT(other.haves(), testing::UnorderedElementsAre(PieceIndex(3), PieceIndex(4)));
    EXPECT_THAT(owner.haves(), testing::ElementsAre(PieceIndex(4)));
    EXPECT_TRUE(both.haves().empty());
    EXPECT_EQ(owner.count(MessageId::not_interested), 1U) << "it has nothing more for us";
}

TEST_F(PiecesTest, AFalsePieceFromASinglePeerBansIt) {
    start();
    TestPeer& liar = connect_owner_of(3);
    answer_requests(liar);
    hash_next(false);
    EXPECT_TRUE(liar.closed);
    EXPECT_EQ(drops(DropReason::false_data), 1U);
    EXPECT_TRUE(torrents[0]->pieces.missing(PieceIndex(3)));
    EXPECT_EQ(torrents[0]->counters.wasted, piece_length);
    // From the same address again.
    const auto again = session->handle_accepted({liar.remote.address, 50'000}, now);
    peers.push_back(std::make_unique<TestPeer>(*again, liar.remote));
    say(*peers.back(), handshake(handshake_of(200, {})));
    EXPECT_TRUE(peers.back()->closed);
    EXPECT_EQ(drops(DropReason::banned), 1U);
}

TEST_F(PiecesTest, AReceiveInFlightPinsItsBufferAndHoldsTheHashBack) {
    start();
    TestPeer& slow = connect_owner_of(3);
    ASSERT_TRUE(begin_receive(slow));
    EXPECT_FALSE(slow.receive->buffers().empty());
    TestPeer& fast = connect_owner_of(3);
    advance(100ms);
    // The slow peer is silent: its blocks go to the fast one, its receive is still in flight.
    advance(21s);
    while (hashes.empty() && !fast.requests.empty()) answer_requests(fast);
    EXPECT_TRUE(hashes.empty()) << "the receive may still write to the buffer";
    EXPECT_GE(slow.cancelled_receives, 1U);
    end_receive(slow, {});
    ASSERT_EQ(hashes.size(), 1U);
    hash_next(true);
    write_next();
    EXPECT_TRUE(torrents[0]->pieces.stored(PieceIndex(3)));
}

TEST_F(PiecesTest, APinnedPieceIsHashedWhenTheConnectionOfTheReceiveIsGone) {
    start();
    TestPeer& slow = connect_owner_of(3);
    ASSERT_TRUE(begin_receive(slow));
    TestPeer& fast = connect_owner_of(3);
    hang_up(slow);
    EXPECT_TRUE(slow.closed);
    advance(1'100ms);
    ASSERT_EQ(fast.requests.size(), 4U);
    answer_requests(fast);
    EXPECT_TRUE(hashes.empty());
    end_receive(slow, {});
    EXPECT_EQ(hashes.size(), 1U);
}

TEST_F(PiecesTest, AReceiveByPlanPutsThePayloadInPlace) {
    start();
    TestPeer& peer = connect_owner_of(3);
    ASSERT_TRUE(begin_receive(peer));
    ByteVector answer;
    std::uint8_t fill = 1;
    for (const BlockRef asked : std::exchange(peer.requests, {}))
        answer = std::move(answer) + piece(asked, std::byte{fill++});
    end_receive(peer, answer);
    ASSERT_EQ(hashes.size(), 1U);
    EXPECT_EQ(state_of(peer).wire.bytes_copied(), 0U);
    EXPECT_EQ(session->buffers().table().at(hashes[0].buffer)[3 * block_size_bytes], std::byte{4});
}

TEST_F(PiecesTest, ACompleteTorrentSaysSoOnceAndLeavesItsSeeds) {
    trackers = {{"http://tracker.test/announce"}};
    start();
    announces.clear();
    TestPeer& seed = connect_seed();
    TestPeer& leecher = connect_peer();
    download_from(seed);
    EXPECT_TRUE(torrents[0]->pieces.complete());
    EXPECT_EQ(completed.size(), 1U);
    advance(200ms);
    EXPECT_TRUE(seed.closed);
    EXPECT_EQ(drops(DropReason::both_complete), 1U);
    EXPECT_FALSE(leecher.closed);
    EXPECT_EQ(leecher.haves().size(), piece_count);
    EXPECT_EQ(torrents[0]->counters.stored, torrents[0]->metainfo->total_bytes);
    EXPECT_EQ(torrents[0]->counters.wasted, 0U);
}

TEST_F(PiecesTest, ADownloadThroughAnyMixtureOfReceivesIsComplete) {
    piece_count = 40;
    start();
    Prng random(11);
    for (int i = 0; i < 4; ++i) connect_seed();
    for (int step = 0; step < 20'000 && !torrents[0]->pieces.complete(); ++step) {
        TestPeer& peer = *peers[random.below(peers.size())];
        if (peer.closed) continue;
        if (!peer.receive && random.below(2) == 0) begin_receive(peer);
        ByteVector answer;
        for (std::uint64_t i = random.below(4); i > 0 && !peer.requests.empty(); --i) {
            answer = std::move(answer) + piece(peer.requests.front());
            peer.requests.erase(peer.requests.begin());
        }
        if (peer.receive && answer.size() <= peer.receive->size_bytes()) {
            end_receive(peer, answer);
        } else {
            if (peer.receive) end_receive(peer, {});
            say(peer, answer);
        }
        if (!hashes.empty() && random.below(3) == 0) hash_next(random.below(50) != 0);
        if (!writes.empty() && random.below(3) == 0) write_next();
        if (random.below(10) == 0) advance(Duration(random.below(400'000'000)));
        if (step % 3 == 0 &&
            std::ranges::count(peers, false, [](auto& p) { return p->closed; }) < 4)
            connect_seed();
    }
    EXPECT_TRUE(torrents[0]->pieces.complete());
    EXPECT_EQ(torrents[0]->counters.stored, torrents[0]->metainfo->total_bytes);
}

}  // namespace
}  // namespace spate::session
