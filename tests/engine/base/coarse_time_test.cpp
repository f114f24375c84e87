#include "engine/base/coarse_time.hpp"

#include <gtest/gtest.h>

using namespace spate;

TEST(CoarseTime, TellsAgesWithinItsResolution) {
    for (const Duration age : {Duration(0ns), Duration(999ns), Duration(1ms), Duration(20min)})
        for (const Time then : {Time(1s), Time(4397s), Time(123'456'789s)}) {
            const Duration told = CoarseTime(then).age(then + age);
            EXPECT_LE(told, age + CoarseTime::resolution);
            EXPECT_GE(told + CoarseTime::resolution, age);
        }
}

TEST(CoarseTime, AgesStartAgainAtItsWrap) {
    const Time then(5s);
    EXPECT_EQ(CoarseTime(then).age(then + CoarseTime::wrap), Duration::zero());
    EXPECT_GT(CoarseTime::wrap, 1h);
}
