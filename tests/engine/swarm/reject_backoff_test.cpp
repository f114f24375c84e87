#include "engine/swarm/reject_backoff.hpp"

#include <gtest/gtest.h>

namespace spate::swarm {
namespace {

constexpr Time start{1'000s};
constexpr PieceIndex piece{7};

TEST(RejectBackoff, ARejectedPieceIsLeftAloneForFiveSeconds) {
    RejectBackoff rejects;
    EXPECT_FALSE(rejects.refuses(piece, start));
    rejects.on_reject(piece, start);
    EXPECT_TRUE(rejects.refuses(piece, start + RejectBackoff::delay_min - 1ms));
    EXPECT_FALSE(rejects.refuses(piece, start + RejectBackoff::delay_min));
    EXPECT_FALSE(rejects.refuses(PieceIndex(8), start)) << "other pieces may be asked for";
    EXPECT_FALSE(rejects.rests(start));
}

TEST(RejectBackoff, TheDelayDoublesUpToFiveMinutes) {
    RejectBackoff rejects;
    Time now = start;
    Duration expected = RejectBackoff::delay_min;
    for (int i = 0; i < 12; ++i) {
        rejects.on_reject(piece, now);
        EXPECT_TRUE(rejects.refuses(piece, now + expected - 1ms)) << i;
        EXPECT_FALSE(rejects.refuses(piece, now + expected)) << i;
        now += expected;
        expected = std::min(2 * expected, RejectBackoff::delay_max);
    }
}

TEST(RejectBackoff, BlocksRejectedTogetherCountOnce) {
    RejectBackoff rejects;
    for (int i = 0; i < 16; ++i) rejects.on_reject(piece, start);
    EXPECT_FALSE(rejects.refuses(piece, start + RejectBackoff::delay_min));
}

TEST(RejectBackoff, ABlockOfThePieceClearsIt) {
    RejectBackoff rejects;
    rejects.on_reject(piece, start);
    rejects.on_block(piece);
    EXPECT_FALSE(rejects.refuses(piece, start));
}

TEST(RejectBackoff, APeerThatRejectsManyPiecesRests) {
    RejectBackoff rejects;
    for (std::uint32_t i = 0; i < RejectBackoff::pieces_max; ++i)
        rejects.on_reject(PieceIndex(i), start);
    EXPECT_FALSE(rejects.rests(start));
    rejects.on_reject(piece, start);
    EXPECT_FALSE(rejects.rests(start)) << "it is one of them";
    rejects.on_reject(PieceIndex(99), start);
    EXPECT_TRUE(rejects.rests(start + RejectBackoff::delay_min - 1ms));
    EXPECT_FALSE(rejects.rests(start + RejectBackoff::delay_min));
}

TEST(RejectBackoff, APeerThatRejectsOnAndOnRestsLongerEachTime) {
    RejectBackoff rejects;
    Time now = start;
    for (const Duration expected : {5s, 10s, 20s}) {
        for (std::uint32_t i = 0; i < RejectBackoff::streak_max; ++i) rejects.on_reject(piece, now);
        EXPECT_TRUE(rejects.rests(now + expected - 1ms));
        now += expected;
        EXPECT_FALSE(rejects.rests(now));
    }
    rejects.on_block(piece);
    for (std::uint32_t i = 0; i < RejectBackoff::streak_max; ++i) rejects.on_reject(piece, now);
    EXPECT_FALSE(rejects.rests(now + RejectBackoff::delay_min)) << "a block had come between";
}

}  // namespace
}  // namespace spate::swarm
