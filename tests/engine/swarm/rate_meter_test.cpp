#include "engine/swarm/rate_meter.hpp"

#include <gtest/gtest.h>

namespace spate::swarm {
namespace {

constexpr Time start{1'000s};

void steady(RateMeter& meter, Time from, Duration length, std::uint64_t bytes_per_100ms) {
    for (Duration at{}; at < length; at += 100ms) meter.add(bytes_per_100ms, from + at);
}

TEST(RateMeter, KnowsNothingAtFirst) {
    const RateMeter meter;
    EXPECT_EQ(meter.bytes_per_s(start), 0U);
    EXPECT_EQ(meter.recent_bytes_per_s(start), 0U);
}

TEST(RateMeter, ReadsASteadyRate) {
    RateMeter meter;
    steady(meter, start, 60s, 100'000);
    EXPECT_NEAR(static_cast<double>(meter.bytes_per_s(start + 60s)), 1e6, 1e5);
    EXPECT_NEAR(static_cast<double>(meter.recent_bytes_per_s(start + 60s)), 1e6, 1.1e5);
    EXPECT_EQ(meter.total_bytes(), 60'000'000U);
}

TEST(RateMeter, AYoungMeterDividesByItsAge) {
    RateMeter meter;
    steady(meter, start, 3s, 100'000);
    EXPECT_NEAR(static_cast<double>(meter.bytes_per_s(start + 3s)), 1e6, 1e5);
}

TEST(RateMeter, TheFirstInstantIsNoInfiniteRate) {
    RateMeter meter;
    meter.add(1'000, start);
    EXPECT_LE(meter.bytes_per_s(start), 10'000U);
}

TEST(RateMeter, ForgetsWhatIsOlderThanTheWindow) {
    RateMeter meter;
    steady(meter, start, 10s, 100'000);
    EXPECT_GT(meter.bytes_per_s(start + 15s), 0U);
    EXPECT_EQ(meter.recent_bytes_per_s(start + 15s), 0U);
    EXPECT_EQ(meter.bytes_per_s(start + 30s), 0U);
    meter.add(100, start + 300s);
    EXPECT_LE(meter.bytes_per_s(start + 300s), 100U) << "old buckets are not counted again";
}

}  // namespace
}  // namespace spate::swarm
