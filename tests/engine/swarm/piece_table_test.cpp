#include "engine/swarm/piece_table.hpp"

#include <array>
#include <thread>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::swarm;

namespace {

constexpr CoreIndex first{0};
constexpr CoreIndex second{1};
constexpr CoreIndex third{2};
constexpr PieceIndex piece{0};

}  // namespace

TEST(PieceTable, ClaimedPieceIsNotMissingUntilItIsReleased) {
    PieceTable table(2);
    EXPECT_TRUE(table.claim(piece, first));
    EXPECT_FALSE(table.claim(piece, second));
    EXPECT_EQ(table.missing_count(), 1U);
    EXPECT_TRUE(table.claimed_by(piece, first));
    table.release(piece, first);
    EXPECT_EQ(table.missing_count(), 2U);
    EXPECT_TRUE(table.claim(piece, second));
}

TEST(PieceTable, TwoCoresAtMostClaimAPiece) {
    PieceTable table(1);
    EXPECT_FALSE(table.claim_again(piece, second)) << "nobody has it";
    ASSERT_TRUE(table.claim(piece, first));
    EXPECT_FALSE(table.claim_again(piece, first));
    EXPECT_TRUE(table.claim_again(piece, second));
    EXPECT_FALSE(table.claim_again(piece, third));
    EXPECT_EQ(table.claim_count(piece), 2U);
    table.release(piece, first);
    EXPECT_EQ(table.claim_count(piece), 1U);
    EXPECT_TRUE(table.claimed_by(piece, second));
    EXPECT_EQ(table.missing_count(), 0U);
    table.release(piece, second);
    EXPECT_EQ(table.missing_count(), 1U);
}

TEST(PieceTable, FirstToStoreWinsAndStoredStaysStored) {
    PieceTable table(1);
    ASSERT_TRUE(table.claim(piece, first) && table.claim_again(piece, second));
    EXPECT_TRUE(table.store(piece, second));
    EXPECT_FALSE(table.store(piece, first));
    table.release(piece, first);
    EXPECT_TRUE(table.stored(piece));
    EXPECT_TRUE(table.complete());
    EXPECT_EQ(table.stored_count(), 1U);
}

TEST(PieceTable, SkippedPiecesAreNotWantedAndNotAwaited) {
    PieceTable table(2);
    table.set_skipped(piece);
    EXPECT_FALSE(table.wanted(piece));
    EXPECT_FALSE(table.claim(piece, first));
    table.set_stored(PieceIndex(1));
    EXPECT_TRUE(table.complete());
    EXPECT_FALSE(table.stored_pieces().test(0));
    EXPECT_TRUE(table.stored_pieces().test(1));
}

TEST(PieceTable, EachPieceIsClaimedByOneOfTwoThreads) {
    constexpr std::uint32_t pieces = 10'000;
    PieceTable table(pieces);
    std::array<std::uint32_t, 2> claimed{};
    const auto work = [&](std::uint16_t core) {
        for (std::uint32_t i = 0; i < pieces; ++i) {
            if (!table.claim(PieceIndex(i), CoreIndex(core))) continue;
            ++claimed[core];
            if (i % 3 == 0) {
                table.release(PieceIndex(i), CoreIndex(core));
                --claimed[core];
            } else {
                table.store(PieceIndex(i), CoreIndex(core));
            }
        }
    };
    std::thread other(work, std::uint16_t{1});
    work(0);
    other.join();
    EXPECT_EQ(claimed[0] + claimed[1], table.stored_count());
    EXPECT_EQ(table.missing_count() + table.stored_count(), pieces);
}
