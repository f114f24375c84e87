#include "engine/cli/told_warnings.hpp"

#include <gtest/gtest.h>

namespace spate::cli {

TEST(ToldWarnings, TheSameSentenceAboutTheSameIsToldOnceAnHour) {
    ToldWarnings told;
    const Time now{1h};
    EXPECT_TRUE(told.is_news("it is gone", "a", now));
    EXPECT_FALSE(told.is_news("it is gone", "a", now + ToldWarnings::silence - 1s));
    EXPECT_TRUE(told.is_news("it is gone", "b", now));
    EXPECT_TRUE(told.is_news("it is slow", "a", now));
    EXPECT_TRUE(told.is_news("it is gone", "a", now + ToldWarnings::silence));
    EXPECT_FALSE(told.is_news("it is gone", "a", now + ToldWarnings::silence + 1s));
}

TEST(ToldWarnings, MemoryIsBounded) {
    ToldWarnings told;
    for (std::size_t i = 0; i < ToldWarnings::kept_max; ++i)
        EXPECT_TRUE(told.is_news("it is gone", std::to_string(i), Time{1h}));
    EXPECT_TRUE(told.is_news("it is gone", "0", Time{1h})) << "too many were told to know it";
}

}  // namespace spate::cli
