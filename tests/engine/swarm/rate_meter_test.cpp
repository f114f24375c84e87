#include "engine/swarm/rate_meter.hpp"

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::swarm;

namespace {

constexpr Time start{100s};

}  // namespace

TEST(RateMeter, MeansOverItsLifeWhileThatIsShort) {
    RateMeter meter;
    EXPECT_EQ(meter.bytes_per_s(start), 0U);
    for (int i = 0; i < 5; ++i) meter.add(1'000, start + i * 1s);
    EXPECT_NEAR(static_cast<double>(meter.bytes_per_s(start + 5s)), 1'000, 10);
}

TEST(RateMeter, ForgetsWhatIsOlderThanTheWindow) {
    RateMeter meter;
    meter.add(1'000'000, start);
    EXPECT_EQ(meter.bytes_per_s(start + 21s), 0U);
    EXPECT_EQ(meter.total_bytes(), 1'000'000U);
    meter.add(100, start + 60s);
    EXPECT_LT(meter.bytes_per_s(start + 60s), 101U);
}

TEST(RateMeter, RecentRateFollowsTheLastTwoSeconds) {
    RateMeter meter;
    for (int i = 0; i < 10; ++i) meter.add(1'000, start + i * 1s);
    for (int i = 10; i < 12; ++i) meter.add(9'000, start + i * 1s);
    EXPECT_GT(meter.recent_bytes_per_s(start + 11s + 999ms), 8'000U);
    EXPECT_LT(meter.bytes_per_s(start + 11s + 999ms), 3'000U);
}
