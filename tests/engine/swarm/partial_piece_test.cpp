#include "engine/swarm/partial_piece.hpp"

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::swarm;

namespace {

constexpr ConnectionId peer{7};

}  // namespace

TEST(PartialPiece, LastBlockIsShort) {
    const PartialPiece partial(PieceIndex(3), 40'000, BufferId(1));
    ASSERT_EQ(partial.block_count(), 3U);
    EXPECT_EQ(partial.block(2), (BlockRef{PieceIndex(3), 32'768, 7'232}));
    EXPECT_EQ(partial.index_of(partial.block(2)), 2U);
    EXPECT_FALSE(partial.index_of({PieceIndex(3), 32'768, 7'233}));
    EXPECT_FALSE(partial.index_of({PieceIndex(3), 1, 16'384}));
    EXPECT_FALSE(partial.index_of({PieceIndex(4), 0, 16'384}));
}

TEST(PartialPiece, HandsOutEachBlockOnceUntilItsRequestIsGone) {
    PartialPiece partial(PieceIndex(0), 49'152, BufferId(1));
    for (std::uint32_t i = 0; i < 3; ++i) {
        EXPECT_EQ(partial.first_unrequested(), i);
        partial.on_requested(i);
    }
    EXPECT_FALSE(partial.has_unrequested());
    partial.on_request_gone(1);
    EXPECT_EQ(partial.first_unrequested(), 1U);
    partial.on_requested(1);
    partial.on_requested(1);
    partial.on_request_gone(1);
    EXPECT_FALSE(partial.first_unrequested()) << "another peer still has it";
}

TEST(PartialPiece, BlockCountsOnceAndKeepsItsFirstSource) {
    PartialPiece partial(PieceIndex(0), 16'384, BufferId(1));
    partial.on_requested(0);
    EXPECT_TRUE(partial.on_received(0, peer));
    EXPECT_FALSE(partial.on_received(0, ConnectionId(8)));
    EXPECT_TRUE(partial.all_received());
    EXPECT_EQ(partial.sources().front(), peer);
}
