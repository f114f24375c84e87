#include "engine/swarm/partial_piece.hpp"

#include <gtest/gtest.h>

namespace spate::swarm {
namespace {

constexpr PieceIndex piece{7};
constexpr ConnectionId peer{3};

PartialPiece three_blocks() {
    return {piece, 2 * block_size_bytes + 100, BufferId(1)};
}

TEST(PartialPiece, TheLastBlockIsAsLongAsWhatIsLeft) {
    const PartialPiece partial = three_blocks();
    ASSERT_EQ(partial.block_count(), 3U);
    EXPECT_EQ(partial.block(0), (BlockRef{piece, 0, block_size_bytes}));
    EXPECT_EQ(partial.block(2), (BlockRef{piece, 2 * block_size_bytes, 100}));
}

TEST(PartialPiece, OnlyItsOwnBlocksHaveAnIndex) {
    const PartialPiece partial = three_blocks();
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(partial.index_of(partial.block(i)), i);
    EXPECT_FALSE(partial.index_of({PieceIndex(8), 0, block_size_bytes}));
    EXPECT_FALSE(partial.index_of({piece, 1, block_size_bytes}));
    EXPECT_FALSE(partial.index_of({piece, 0, 100}));
    EXPECT_FALSE(partial.index_of({piece, 2 * block_size_bytes, block_size_bytes}));
    EXPECT_FALSE(partial.index_of({piece, 3 * block_size_bytes, block_size_bytes}));
}

TEST(PartialPiece, BlocksAreHandedOutInOrderOnce) {
    PartialPiece partial = three_blocks();
    for (std::uint32_t i = 0; i < 3; ++i) {
        ASSERT_EQ(partial.first_unrequested(), i);
        partial.on_requested(i, peer);
    }
    EXPECT_FALSE(partial.has_unrequested());
    EXPECT_FALSE(partial.first_unrequested());
}

TEST(PartialPiece, ABlockWhoseLastRequestIsGoneIsToBeAskedForAgain) {
    PartialPiece partial = three_blocks();
    for (std::uint32_t i = 0; i < 3; ++i) partial.on_requested(i, peer);
    partial.on_requested(1, peer);  // of a second peer
    partial.on_request_gone(1, peer);
    EXPECT_FALSE(partial.has_unrequested());
    partial.on_request_gone(1, peer);
    EXPECT_EQ(partial.first_unrequested(), 1U);
}

TEST(PartialPiece, AReceivedBlockIsNotAskedForAgain) {
    PartialPiece partial = three_blocks();
    partial.on_requested(0, peer);
    partial.on_requested(0, ConnectionId(9));
    EXPECT_TRUE(partial.on_received(0, peer));
    partial.on_request_gone(0, ConnectionId(9));
    EXPECT_EQ(partial.first_unrequested(), 1U);
}

TEST(PartialPiece, ABlockThatWasGivenUpAndComesNeverthelessCounts) {
    PartialPiece partial = three_blocks();
    partial.on_requested(0, peer);
    partial.on_request_gone(0, peer);
    EXPECT_TRUE(partial.on_received(0, peer));
    EXPECT_EQ(partial.first_unrequested(), 1U);
}

TEST(PartialPiece, TheFirstToSendABlockIsItsSource) {
    PartialPiece partial = three_blocks();
    for (std::uint32_t i = 0; i < 3; ++i) {
        EXPECT_FALSE(partial.all_received());
        EXPECT_TRUE(partial.on_received(i, peer));
        EXPECT_FALSE(partial.on_received(i, ConnectionId(9)));
    }
    EXPECT_TRUE(partial.all_received());
    for (const ConnectionId source : partial.sources()) EXPECT_EQ(source, peer);
}

TEST(PartialPiece, ABlockAskedOfTwoIsContestedAndTheLoserRemembered) {
    PartialPiece partial = three_blocks();
    partial.on_requested(0, peer);
    EXPECT_FALSE(partial.contested(0));
    partial.on_requested(0, ConnectionId(9));
    EXPECT_TRUE(partial.on_received(0, peer));
    partial.on_request_gone(0, ConnectionId(9));
    EXPECT_TRUE(partial.contested(0));
    EXPECT_FALSE(partial.contested(1));
    ASSERT_EQ(partial.sharers().size(), 1U);
    EXPECT_EQ(partial.sharers()[0].peer, ConnectionId(9));
}

TEST(PartialPiece, ABlockThatAReceiveInFlightMayTouchIsContested) {
    PartialPiece partial = three_blocks();
    partial.on_requested(0, peer);
    partial.on_requested(1, peer);
    partial.on_request_gone(0, peer, true);
    partial.on_request_gone(1, peer, false);
    EXPECT_TRUE(partial.contested(0));
    EXPECT_FALSE(partial.contested(1));
}

TEST(PartialPiece, ABlockAskedOfOneAloneMayBeSharedWhenThatRequestIsGone) {
    PartialPiece partial = three_blocks();
    partial.on_requested(0, peer, true);
    EXPECT_FALSE(partial.may_be_shared(0));
    partial.on_request_gone(0, peer);
    EXPECT_TRUE(partial.may_be_shared(0));
}

TEST(PartialPiece, ARetryIsOpenToOnePeerAtATime) {
    PartialPiece partial = three_blocks();
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_TRUE(partial.on_received(i, peer));
    partial.restart();
    EXPECT_EQ(partial.first_unrequested(), 0U);
    EXPECT_TRUE(partial.open_to(peer));
    EXPECT_TRUE(partial.open_to(ConnectionId(9)));
    partial.on_requested(0, peer);
    partial.on_requested(1, peer);
    EXPECT_FALSE(partial.open_to(ConnectionId(9)));
    EXPECT_FALSE(partial.may_be_shared(0));
    EXPECT_TRUE(partial.on_received(0, peer));
    EXPECT_TRUE(partial.owned());
    partial.on_request_gone(1, peer);
    EXPECT_TRUE(partial.open_to(ConnectionId(9)));
    EXPECT_FALSE(partial.owned());
}

}  // namespace
}  // namespace spate::swarm
