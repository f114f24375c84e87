#include "engine/session/rate_waiters.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

namespace spate::session {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr ConnectionId a(1);
constexpr ConnectionId b(2);
constexpr ConnectionId c(3);

struct RateWaitersTest : testing::Test {
    static void use_up(TokenBucket& limit, Time now) {
        while (limit.available(now)) limit.take(100, now);
    }

    const Time now{100s};
    TokenBucket slow{1'000};
    TokenBucket fast{100'000};
    RateWaiters waiters;
};

TEST_F(RateWaitersTest, NobodyWaitsAtFirst) {
    EXPECT_EQ(waiters.next_timeout(), std::nullopt);
    EXPECT_THAT(waiters.take_ready(now), IsEmpty());
}

TEST_F(RateWaitersTest, EachWaitsForItsOwnLimit) {
    use_up(slow, now);
    use_up(fast, now);
    waiters.add(slow, a, now);
    waiters.add(fast, b, now);
    ASSERT_EQ(waiters.next_timeout(), fast.next_available());
    EXPECT_THAT(waiters.take_ready(fast.next_available()), ElementsAre(b));
    ASSERT_EQ(waiters.next_timeout(), slow.next_available());
    EXPECT_THAT(waiters.take_ready(slow.next_available()), ElementsAre(a));
    EXPECT_EQ(waiters.next_timeout(), std::nullopt);
}

TEST_F(RateWaitersTest, WhoWasServedLongestAgoIsFirstWhoeverBeganToWaitFirst) {
    use_up(slow, now);
    waiters.add(slow, a, now);
    waiters.add(slow, b, now - 2s);
    waiters.add(slow, c, now - 1s);
    EXPECT_THAT(waiters.take_ready(now + 1s), ElementsAre(b, c, a));
}

TEST_F(RateWaitersTest, TokensThatOthersTookAreWaitedForAnew) {
    use_up(slow, now);
    waiters.add(slow, a, now);
    const Time first = slow.next_available();
    slow.take(1'000, first);
    EXPECT_THAT(waiters.take_ready(first), IsEmpty());
    ASSERT_TRUE(waiters.next_timeout());
    EXPECT_GT(*waiters.next_timeout(), first);
    EXPECT_THAT(waiters.take_ready(slow.next_available()), ElementsAre(a));
}

TEST_F(RateWaitersTest, ALimitThatWasLiftedHoldsNobodyUp) {
    use_up(slow, now);
    waiters.add(slow, a, now);
    slow.set_rate(0);
    EXPECT_THAT(waiters.take_ready(now + 1s), ElementsAre(a));
}

}  // namespace
}  // namespace spate::session
