#include "io/iovecs.hpp"

#include <array>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::io;

namespace {

std::array<std::byte, 100> memory;

IoVecs<3> three_ranges() {
    IoVecs<3> ranges;
    ranges.add(MutableBytes(memory).subspan(0, 10));
    ranges.add(Bytes(memory).subspan(20, 30));
    ranges.add(MutableBytes(memory).subspan(60, 5));
    return ranges;
}

}  // namespace

TEST(IoVecs, AdvancingInsideARangeTrimsIt) {
    auto ranges = three_ranges();
    ranges.advance(4);
    ASSERT_EQ(ranges.rest().size(), 3U);
    EXPECT_EQ(ranges.rest()[0].iov_base, memory.data() + 4);
    EXPECT_EQ(ranges.rest()[0].iov_len, 6U);
    EXPECT_EQ(ranges.size_bytes(), 41U);
}

TEST(IoVecs, AdvancingToABoundaryDropsTheRange) {
    auto ranges = three_ranges();
    ranges.advance(10);
    ASSERT_EQ(ranges.rest().size(), 2U);
    EXPECT_EQ(ranges.rest()[0].iov_base, memory.data() + 20);
}

TEST(IoVecs, AdvancingAcrossRangesTrimsTheOneItStopsIn) {
    auto ranges = three_ranges();
    ranges.advance(41);
    ASSERT_EQ(ranges.rest().size(), 1U);
    EXPECT_EQ(ranges.rest()[0].iov_base, memory.data() + 61);
    EXPECT_EQ(ranges.rest()[0].iov_len, 4U);
}

TEST(IoVecs, AdvancingByEverythingLeavesNothingAndClearStartsAgain) {
    auto ranges = three_ranges();
    EXPECT_TRUE(ranges.full());
    ranges.advance(45);
    EXPECT_TRUE(ranges.empty());
    EXPECT_EQ(ranges.size_bytes(), 0U);
    ranges.clear();
    EXPECT_FALSE(ranges.full());
}

TEST(IoVecs, StepsOfAnySizeVisitEveryByteOnce) {
    for (std::size_t step = 1; step <= 45; ++step) {
        auto ranges = three_ranges();
        std::size_t seen = 0;
        while (!ranges.empty()) {
            const std::size_t now = std::min(step, ranges.size_bytes());
            ranges.advance(now);
            seen += now;
        }
        EXPECT_EQ(seen, 45U);
    }
}

TEST(IoVecs, EmptyRangesAreSkipped) {
    IoVecs<2> ranges;
    ranges.add(MutableBytes(memory).first(0));
    ranges.add(MutableBytes(memory).first(1));
    ranges.advance(1);
    EXPECT_TRUE(ranges.empty());
}

TEST(IoVecsDeathTest, OneRangeTooManyIsOurBug) {
    auto ranges = three_ranges();
    EXPECT_DEATH(ranges.add(MutableBytes(memory)), "assertion failed");
}

TEST(IoVecsDeathTest, MoreBytesThanThereAreIsOurBug) {
    auto ranges = three_ranges();
    EXPECT_DEATH(ranges.advance(46), "assertion failed");
}
