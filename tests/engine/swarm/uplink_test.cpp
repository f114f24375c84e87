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
    uplink.observe(39'000, 100'000);
    EXPECT_EQ(uplink.bytes_per_s(), 39'000U) << "less than it had in one of two rounds";
    uplink.observe(79'000, 100'000);
    EXPECT_EQ(uplink.bytes_per_s(), 79'000U);
    uplink.observe(80'000, 100'000);
    EXPECT_EQ(uplink.bytes_per_s(), 125'000U);
}

TEST(Uplink, LooksForTwiceAsMuchUntilNotAllWentOutOnce) {
    Uplink uplink;
    uplink.observe(0, 0);  // nobody was served: nothing was learnt
    std::uint64_t before = 0;
    for (const std::uint64_t allotted : {100'000U, 200'000U, 400'000U}) {
        uplink.observe((before + allotted) / 2, allotted);
        EXPECT_EQ(uplink.bytes_per_s(), 2 * allotted);
        before = allotted;
    }
    uplink.observe(470'000, 800'000);
    EXPECT_LT(uplink.bytes_per_s(), 800'000U);
    uplink.observe(700'000, 700'000);
    EXPECT_EQ(uplink.bytes_per_s(), 875'000U);
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
