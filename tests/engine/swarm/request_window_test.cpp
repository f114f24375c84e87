#include "engine/swarm/request_window.hpp"

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::swarm;

namespace {

constexpr Time start{100s};

BlockRef block(std::uint32_t index) {
    return {PieceIndex(index), 0, block_size_bytes};
}

void ask(RequestWindow& window, std::uint32_t from, std::uint32_t count, Time now) {
    for (std::uint32_t i = from; i < from + count; ++i) window.on_request_sent(block(i), now);
}

}  // namespace

TEST(RequestWindow, AsksInBatches) {
    RequestWindow window({.depth_min = 4, .depth_start = 16, .depth_max = 64});
    EXPECT_EQ(window.room(), 16U);
    ask(window, 0, 16, start);
    EXPECT_EQ(window.room(), 0U);
    for (std::uint32_t i = 0; i < 3; ++i) ASSERT_TRUE(window.forget(block(i)));
    EXPECT_EQ(window.room(), 0U) << "not a quarter yet";
    ASSERT_TRUE(window.forget(block(3)));
    EXPECT_EQ(window.room(), 4U);
}

TEST(RequestWindow, GrowsToItsLimitForAFastPeer) {
    RequestWindow window({.depth_min = 4, .depth_start = 16, .depth_max = 100});
    for (std::uint32_t i = 0; i < 500; ++i) {
        window.on_request_sent(block(i), start);
        ASSERT_TRUE(window.on_block(block(i), 1'000'000'000, start + 100ms));
        EXPECT_LE(window.depth(), 100U);
    }
    EXPECT_EQ(window.depth(), 100U);
}

TEST(RequestWindow, SlowPeerSitsOnFewBlocks) {
    RequestWindow window;
    for (std::uint32_t i = 0; i < 100; ++i) {
        window.on_request_sent(block(i), start);
        ASSERT_TRUE(window.on_block(block(i), 1'000, start + 100ms));
    }
    EXPECT_EQ(window.depth(), RequestWindow::Limits{}.depth_min);
}

TEST(RequestWindow, SilentPeerLosesItsBlocksAtTheDeadline) {
    RequestWindow window;
    EXPECT_FALSE(window.deadline());
    ask(window, 0, 3, start);
    EXPECT_EQ(window.deadline(), start + RequestWindow::Limits{}.timeout);
    ASSERT_TRUE(window.on_block(block(1), 1'000, start + 5s));
    EXPECT_EQ(window.deadline(), start + 5s + RequestWindow::Limits{}.timeout);
    EXPECT_EQ(window.take_all().size(), 2U);
    EXPECT_EQ(window.outstanding(), 0U);
}

TEST(RequestWindow, KnowsWhatWasNotAskedFor) {
    RequestWindow window;
    EXPECT_FALSE(window.on_block(block(1), 0, start));
    EXPECT_FALSE(window.forget(block(1)));
}

TEST(RequestWindow, KeepsToThePeersOwnLimit) {
    RequestWindow window;
    window.set_depth_max(5);
    EXPECT_EQ(window.room(), 5U);
    window.set_depth_max(0);
    EXPECT_EQ(window.room(), 1U);
}
