#include "engine/base/timer_wheel.hpp"

#include <map>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"

using namespace spate;

TEST(TimerWheel, FiresNeverEarlyAndAtMostATickLate) {
    const Time start{};
    TimerWheel wheel(start, 50ms);
    Prng random(3);
    std::map<std::uint32_t, Time> expected;
    for (std::uint32_t key = 0; key < 500; ++key) {
        expected[key] = start + std::chrono::milliseconds(random.below(200'000));
        wheel.schedule(key, expected[key]);
    }
    for (Time now = start; now < start + 201s && !expected.empty(); now += 10ms) {
        while (const auto key = wheel.pop_due(now)) {
            EXPECT_LE(expected.at(*key), now);
            EXPECT_LE(now, expected.at(*key) + 60ms);
            expected.erase(*key);
        }
    }
    EXPECT_TRUE(expected.empty());
    EXPECT_FALSE(wheel.next_timeout());
}

TEST(TimerWheel, TheLastDeadlineSetCounts) {
    const Time start{};
    TimerWheel wheel(start, 50ms);
    wheel.schedule(1, start + 1s);
    wheel.schedule(1, start + 3s);
    wheel.schedule(2, start + 1s);
    wheel.cancel(2);
    EXPECT_FALSE(wheel.pop_due(start + 2s));
    EXPECT_EQ(wheel.pop_due(start + 3s), 1U);
    EXPECT_FALSE(wheel.pop_due(start + 10s));
}

TEST(TimerWheel, ADeadlineInThePastFiresAtOnce) {
    const Time start{};
    TimerWheel wheel(start, 50ms);
    wheel.schedule(1, start + 5s);
    EXPECT_EQ(wheel.pop_due(start + 5s), 1U);
    wheel.schedule(2, start + 1s);
    EXPECT_EQ(wheel.pop_due(start + 5s), 2U);
}

TEST(TimerWheel, SleepingLongerThanTheWheelLosesNothing) {
    const Time start{};
    TimerWheel wheel(start, 50ms);
    wheel.schedule(9, start + 500s);
    Time now = start;
    for (int i = 0; i < 1000 && now < start + 500s; ++i) {
        EXPECT_FALSE(wheel.pop_due(now));
        now = std::max(now + 1ms, wheel.next_timeout().value());
    }
    EXPECT_EQ(wheel.pop_due(now), 9U);
}

TEST(TimerWheel, DoesNotWakeForADeadlineOfALaterRound) {
    const Time start{};
    TimerWheel wheel(start, 50ms);
    wheel.schedule(1, start + 1024 * 50ms + 1s);  // shares its slot with start + 1 s
    EXPECT_FALSE(wheel.pop_due(start + 1s));
    EXPECT_GT(wheel.next_timeout(), start + 2s);
    wheel.schedule(2, start + 2s);
    wheel.schedule(2, start + 3s);
    EXPECT_EQ(wheel.next_timeout(), start + 3s) << "moved";
}
