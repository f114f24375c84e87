#include "engine/swarm/uplink.hpp"

#include <gtest/gtest.h>

#include "engine/swarm/choker.hpp"

namespace spate::swarm {
namespace {

TEST(Uplink, IsWhatTheUserSet) {
    Uplink uplink(50'000);
    uplink.observe(80'000, 0);
    EXPECT_EQ(uplink.bytes_per_s(), 50'000U);
}

TEST(Uplink, IsTheGreatestRateSeenAndSinksSlowly) {
    Uplink uplink;
    EXPECT_EQ(uplink.bytes_per_s(), 0U);
    uplink.observe(100'000, 0);
    EXPECT_EQ(uplink.bytes_per_s(), 100'000U);
    uplink.observe(0, 0);
    EXPECT_NEAR(static_cast<double>(uplink.bytes_per_s()), 98'000, 1);
    uplink.observe(300'000, 0);
    EXPECT_EQ(uplink.bytes_per_s(), 300'000U);
}

TEST(Uplink, LooksForMoreWhereAllThatWasAllottedGoesOut) {
    Uplink uplink;
    uplink.observe(79'000, 100'000);
    EXPECT_EQ(uplink.bytes_per_s(), 79'000U);
    uplink.observe(80'000, 100'000);
    EXPECT_EQ(uplink.bytes_per_s(), 125'000U);
}

TEST(UploadSlots, GrowWithTheRootOfTheUplink) {
    EXPECT_EQ(slots_for_uplink(0), Choker::slots_default);
    EXPECT_EQ(slots_for_uplink(8'999), 2U);
    EXPECT_EQ(slots_for_uplink(14'999), 3U);
    EXPECT_EQ(slots_for_uplink(41'999), 4U);
    EXPECT_EQ(slots_for_uplink(1'000'000), 24U);
    EXPECT_EQ(slots_for_uplink(100'000'000), 244U);
}

}  // namespace
}  // namespace spate::swarm
