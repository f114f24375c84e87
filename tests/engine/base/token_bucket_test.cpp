#include "engine/base/token_bucket.hpp"

#include <gtest/gtest.h>

using namespace spate;

TEST(TokenBucket, PassesItsRateOverTime) {
    TokenBucket bucket(1'000'000, 100ms);
    const Time start{1s};
    std::uint64_t passed = 0;
    for (Time now = start; now < start + 10s; now += 1ms)
        while (bucket.available(now)) {
            bucket.take(16'384, now);
            passed += 16'384;
        }
    EXPECT_NEAR(static_cast<double>(passed), 10'000'000.0, 150'000.0);
}

TEST(TokenBucket, SaysWhenItOpensAgain) {
    TokenBucket bucket(1'000, 100ms);
    const Time start{1s};
    bucket.take(1'000, start);
    EXPECT_FALSE(bucket.available(start));
    EXPECT_EQ(bucket.next_available(), start + 900ms);
    EXPECT_TRUE(bucket.available(start + 900ms));
}

TEST(TokenBucket, TakesANewRateAtOnce) {
    TokenBucket bucket(1'000, 100ms);
    const Time start{1s};
    bucket.take(1'000, start);
    bucket.set_rate(10'000);
    bucket.take(1'000, start);
    EXPECT_EQ(bucket.next_available(), start + 1s);
    bucket.set_rate(0);
    EXPECT_TRUE(bucket.available(start));
}

TEST(TokenBucket, ZeroIsUnlimited) {
    TokenBucket bucket;
    bucket.take(~0ULL, Time{});
    EXPECT_TRUE(bucket.available(Time{}));
}
