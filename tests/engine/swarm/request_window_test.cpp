#include "engine/swarm/request_window.hpp"

#include <gtest/gtest.h>

namespace spate::swarm {
namespace {

constexpr Time start{1'000s};
constexpr RequestWindow::Limits limits{};

BlockRef block(std::uint32_t number) {
    return {PieceIndex(number), 0, block_size_bytes};
}

/// Fills the window at `now`, naming blocks from `next` on.
void fill(RequestWindow& window, std::uint32_t& next, Time now) {
    for (std::uint32_t room = window.room(); room > 0; --room)
        window.on_request_sent(block(next++), now);
}

/// Answers everything that is outstanding `delay` after it was sent, and refills.
void round_trip(RequestWindow& window, std::uint32_t& next, std::uint64_t rate_bytes_per_s,
                Time now) {
    const auto pending = window.pending();
    for (const auto& asked : pending)
        EXPECT_TRUE(window.on_block(asked.block, rate_bytes_per_s, now));
    fill(window, next, now);
}

TEST(RequestWindow, BeginsWithAFewBlocks) {
    const RequestWindow window;
    EXPECT_EQ(window.room(), limits.depth_start);
    EXPECT_FALSE(window.deadline());
}

TEST(RequestWindow, DoublesARoundTripInSlowStart) {
    RequestWindow window;
    std::uint32_t next = 0;
    fill(window, next, start);
    std::uint32_t expected = limits.depth_start;
    for (int trip = 1; trip <= 3; ++trip) {
        round_trip(window, next, 1'000'000'000, start + trip * 50ms);
        expected *= 2;
        EXPECT_EQ(window.depth(), expected);
        EXPECT_EQ(window.outstanding(), expected);
    }
}

TEST(RequestWindow, NeverGrowsBeyondItsLimit) {
    RequestWindow window;
    std::uint32_t next = 0;
    fill(window, next, start);
    for (int trip = 1; trip <= 20; ++trip)
        round_trip(window, next, 10'000'000'000, start + trip * 50ms);
    EXPECT_EQ(window.depth(), limits.depth_max);
    EXPECT_EQ(window.outstanding(), limits.depth_max);
}

TEST(RequestWindow, FollowsRateTimesDelay) {
    RequestWindow window;
    std::uint32_t next = 0;
    // The first block was sent into an idle connection: the path takes 100 ms.
    window.on_request_sent(block(next++), start);
    EXPECT_TRUE(window.on_block(block(0), 20'000'000, start + 100ms));
    fill(window, next, start + 100ms);
    for (int trip = 2; trip <= 60; ++trip)
        round_trip(window, next, 20'000'000, start + trip * 100ms);
    // 20 MB/s are 1,221 blocks a second: 122 in 100 ms, twice that and some spare are asked for.
    EXPECT_NEAR(window.depth(), 2 * 122 + 64, 10);
}

TEST(RequestWindow, ASlowPeerDoesNotSitOnManyBlocks) {
    RequestWindow window;
    std::uint32_t next = 0;
    fill(window, next, start);
    for (int trip = 1; trip <= 100; ++trip) round_trip(window, next, 20'000, start + trip * 1s);
    EXPECT_EQ(window.depth(), limits.depth_min);
}

TEST(RequestWindow, AsksAgainOnlyWhenAGoodPartIsFree) {
    RequestWindow window;
    std::uint32_t next = 0;
    fill(window, next, start);
    EXPECT_EQ(window.room(), 0U);
    EXPECT_TRUE(window.forget(block(0)));
    EXPECT_EQ(window.room(), 0U);
    for (std::uint32_t i = 1; i < limits.depth_start / 4; ++i) EXPECT_TRUE(window.forget(block(i)));
    EXPECT_EQ(window.room(), limits.depth_start / 4);
}

TEST(RequestWindow, KeepsToThePeersOwnLimit) {
    RequestWindow window;
    window.set_depth_max(2);
    EXPECT_EQ(window.room(), 2U);
    std::uint32_t next = 0;
    fill(window, next, start);
    for (int trip = 1; trip <= 10; ++trip)
        round_trip(window, next, 1'000'000'000, start + trip * 10ms);
    EXPECT_EQ(window.depth(), 2U);
}

TEST(RequestWindow, ALimitOfZeroStillAsksForOneBlock) {
    RequestWindow window;
    window.set_depth_max(0);
    EXPECT_EQ(window.room(), 1U);
    window.set_depth_max(1'000'000);
    EXPECT_EQ(window.depth(), 1U) << "a peer can't raise what it lowered";
}

TEST(RequestWindow, SilentPeerLosesItsBlocksAtTheDeadline) {
    RequestWindow window;
    window.on_request_sent(block(0), start);
    window.on_request_sent(block(1), start + 5s);
    EXPECT_EQ(window.deadline(), start + limits.timeout);
    EXPECT_TRUE(window.on_block(block(0), 1'000, start + 10s));
    EXPECT_EQ(window.deadline(), start + 10s + limits.timeout) << "each block is a sign of life";
    EXPECT_EQ(window.take_all(), std::vector<BlockRef>{block(1)});
    EXPECT_FALSE(window.deadline());
    EXPECT_EQ(window.outstanding(), 0U);
}

TEST(RequestWindow, TheDeadlineOfAnIdlePeerBeginsWithItsFirstRequest) {
    RequestWindow window;
    window.on_request_sent(block(0), start);
    EXPECT_TRUE(window.on_block(block(0), 1'000, start + 1s));
    EXPECT_FALSE(window.deadline());
    window.on_request_sent(block(1), start + 100s);
    EXPECT_EQ(window.deadline(), start + 100s + limits.timeout);
}

TEST(RequestWindow, KnowsWhatItAskedFor) {
    RequestWindow window;
    window.on_request_sent(block(0), start);
    EXPECT_FALSE(window.on_block(block(1), 0, start));
    EXPECT_FALSE(window.forget(block(1)));
    EXPECT_TRUE(window.forget(block(0)));
    EXPECT_FALSE(window.on_block(block(0), 0, start));
}

}  // namespace
}  // namespace spate::swarm
