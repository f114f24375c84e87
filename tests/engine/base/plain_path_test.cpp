#include "engine/base/plain_path.hpp"

#include <gtest/gtest.h>

using namespace spate;

TEST(PlainPath, StaysInItsFolder) {
    EXPECT_TRUE(is_plain_path("a"));
    EXPECT_TRUE(is_plain_path("a/..b/c.."));
    for (const std::string_view bad : {"", "/", "/etc/passwd", "..", "../x", "a/../b", "a/..",
                                       "a//b", "a/", ".", "./a", "a/./b"})
        EXPECT_FALSE(is_plain_path(bad)) << bad;
    EXPECT_FALSE(is_plain_path(std::string_view("a\0b", 3)));
}
