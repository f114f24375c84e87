#include "engine/swarm/piece_table.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"

namespace spate::swarm {
namespace {

constexpr CoreIndex core_0{0};
constexpr CoreIndex core_1{1};
constexpr CoreIndex core_2{2};
constexpr PieceIndex piece_0{0};
constexpr PieceIndex piece_1{1};

TEST(PieceTable, BeginsWithEveryPieceMissing) {
    const PieceTable table(5);
    EXPECT_EQ(table.missing_count(), 5U);
    EXPECT_EQ(table.stored_count(), 0U);
    EXPECT_FALSE(table.complete());
    for (std::uint32_t piece = 0; piece < 5; ++piece) {
        EXPECT_TRUE(table.missing(PieceIndex(piece)));
        EXPECT_TRUE(table.wanted(PieceIndex(piece)));
        EXPECT_EQ(table.claim_count(PieceIndex(piece)), 0U);
    }
}

TEST(PieceTable, APieceIsClaimedByOneCore) {
    PieceTable table(2);
    EXPECT_TRUE(table.claim(piece_0, core_0));
    EXPECT_FALSE(table.claim(piece_0, core_0));
    EXPECT_FALSE(table.claim(piece_0, core_1));
    EXPECT_TRUE(table.claimed_by(piece_0, core_0));
    EXPECT_FALSE(table.claimed_by(piece_0, core_1));
    EXPECT_EQ(table.missing_count(), 1U);
    EXPECT_FALSE(table.missing(piece_0));
    EXPECT_TRUE(table.wanted(piece_0));
}

TEST(PieceTable, AReleasedPieceIsMissingAgain) {
    PieceTable table(1);
    ASSERT_TRUE(table.claim(piece_0, core_0));
    table.release(piece_0, core_1);  // not the owner
    EXPECT_EQ(table.missing_count(), 0U);
    table.release(piece_0, core_0);
    EXPECT_EQ(table.missing_count(), 1U);
    EXPECT_TRUE(table.claim(piece_0, core_1));
}

TEST(PieceTable, ASecondCoreMayClaimAReservedPieceButNotAThird) {
    PieceTable table(1);
    EXPECT_FALSE(table.claim_again(piece_0, core_1)) << "nobody is getting it";
    ASSERT_TRUE(table.claim(piece_0, core_0));
    EXPECT_FALSE(table.claim_again(piece_0, core_0)) << "its own";
    EXPECT_TRUE(table.claim_again(piece_0, core_1));
    EXPECT_EQ(table.claim_count(piece_0), 2U);
    EXPECT_FALSE(table.claim_again(piece_0, core_2));
}

TEST(PieceTable, TheOtherClaimLivesOnWhenOneOfTwoIsReleased) {
    PieceTable table(2);
    for (const PieceIndex piece : {piece_0, piece_1}) {
        ASSERT_TRUE(table.claim(piece, core_0));
        ASSERT_TRUE(table.claim_again(piece, core_1));
    }
    table.release(piece_0, core_0);
    EXPECT_TRUE(table.claimed_by(piece_0, core_1));
    EXPECT_FALSE(table.claimed_by(piece_0, core_0));
    table.release(piece_1, core_1);
    EXPECT_TRUE(table.claimed_by(piece_1, core_0));
    EXPECT_EQ(table.missing_count(), 0U);
    table.release(piece_1, core_0);
    EXPECT_EQ(table.missing_count(), 1U);
}

TEST(PieceTable, TheFirstOfTwoOwnersStoresThePiece) {
    PieceTable table(1);
    ASSERT_TRUE(table.claim(piece_0, core_0));
    ASSERT_TRUE(table.claim_again(piece_0, core_1));
    EXPECT_TRUE(table.store(piece_0));
    EXPECT_FALSE(table.store(piece_0));
    EXPECT_TRUE(table.stored(piece_0));
    EXPECT_TRUE(table.complete());
    table.release(piece_0, core_0);
    EXPECT_TRUE(table.stored(piece_0)) << "a stored piece stays stored";
    EXPECT_EQ(table.stored_count(), 1U);
}

TEST(PieceTable, IsCompleteWithoutTheSkippedPieces) {
    PieceTable table(3);
    table.set_skipped(piece_0);
    table.set_stored(piece_1);
    EXPECT_FALSE(table.wanted(piece_0));
    EXPECT_FALSE(table.claim(piece_0, core_0));
    EXPECT_FALSE(table.complete());
    ASSERT_TRUE(table.claim(PieceIndex(2), core_0));
    EXPECT_TRUE(table.store(PieceIndex(2)));
    EXPECT_TRUE(table.complete());
    EXPECT_EQ(table.skipped_count(), 1U);
    EXPECT_EQ(table.stored_pieces().count(), 2U);
}

TEST(PieceTable, ASkippedPieceFoundOnDiskCountsAsStored) {
    PieceTable table(2);
    table.set_skipped(piece_0);
    table.set_stored(piece_0);
    EXPECT_EQ(table.skipped_count(), 0U);
    EXPECT_EQ(table.stored_count(), 1U);
    EXPECT_EQ(table.missing_count(), 1U);
    table.set_skipped(piece_0);
    EXPECT_TRUE(table.stored(piece_0)) << "what is there can't be skipped";
}

TEST(PieceTable, TheLastCoreThatFitsCanClaimTwice) {
    PieceTable table(1);
    const CoreIndex last(cores_max - 1);
    ASSERT_TRUE(table.claim(piece_0, CoreIndex(cores_max - 2)));
    ASSERT_TRUE(table.claim_again(piece_0, last));
    EXPECT_TRUE(table.claimed_by(piece_0, last));
    EXPECT_FALSE(table.stored(piece_0));
    EXPECT_TRUE(table.wanted(piece_0));
}

TEST(PieceTable, TwoThreadsNeverClaimTheSamePiece) {
    constexpr std::uint32_t pieces = 20'000;
    PieceTable table(pieces);
    std::vector<std::vector<bool>> claimed(2, std::vector<bool>(pieces));
    {
        std::vector<std::jthread> threads;
        for (std::uint16_t core = 0; core < 2; ++core)
            threads.emplace_back([&table, &mine = claimed[core], core] {
                for (std::uint32_t piece = 0; piece < pieces; ++piece)
                    mine[piece] = table.claim(PieceIndex(piece), CoreIndex(core));
            });
    }
    for (std::uint32_t piece = 0; piece < pieces; ++piece)
        ASSERT_NE(claimed[0][piece], claimed[1][piece]) << piece;
    EXPECT_EQ(table.missing_count(), 0U);
}

TEST(PieceTable, TwoThreadsThatClaimReleaseAndStoreLeaveEveryPieceStoredOnce) {
    constexpr std::uint32_t pieces = 2'000;
    PieceTable table(pieces);
    std::atomic<std::uint32_t> stored_first{0};
    {
        std::vector<std::jthread> threads;
        for (std::uint16_t number = 0; number < 2; ++number)
            threads.emplace_back([&, core = CoreIndex(number)] {
                Prng random(core.value);
                while (!table.complete()) {
                    const PieceIndex piece(static_cast<std::uint32_t>(random.below(pieces)));
                    if (!table.claim(piece, core) && !table.claim_again(piece, core)) continue;
                    if (random.below(2) == 0) {
                        table.release(piece, core);
                    } else if (table.store(piece)) {
                        ++stored_first;
                    }
                }
            });
    }
    EXPECT_EQ(stored_first.load(), pieces);
    EXPECT_EQ(table.stored_count(), pieces);
    EXPECT_EQ(table.missing_count(), 0U);
    EXPECT_TRUE(table.stored_pieces().all());
}

}  // namespace
}  // namespace spate::swarm
