#include "engine/base/prng.hpp"

#include <set>

#include <gtest/gtest.h>

using namespace spate;

TEST(Prng, TheSameSeedGivesTheSameNumbers) {
    Prng a(7), b(7), c(8);
    const auto first = a();
    EXPECT_EQ(first, b());
    EXPECT_NE(first, c());
}

TEST(Prng, BelowStaysBelowAndReachesEveryValue) {
    Prng random(1);
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
    EXPECT_EQ(seen.size(), 7U);
    EXPECT_EQ(*seen.rbegin(), 6U);
}
