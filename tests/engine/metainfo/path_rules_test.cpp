#include "engine/metainfo/path_rules.hpp"

#include <gtest/gtest.h>

using namespace spate::metainfo;

TEST(PathRules, CleanNamesStayAsTheyAre) {
    for (const std::string name : {"a", "...", "été 日本.txt", "a\\b", "-x", " x ", "..x", "x.."})
        EXPECT_EQ(safe_component(name), name);
}

TEST(PathRules, UnsuitableNamesAreReplaced) {
    EXPECT_EQ(safe_component("AC/DC"), "AC_DC");
    EXPECT_EQ(safe_component("a\xff\xc0\xaf"), "a___") << "invalid UTF-8, an overlong slash";
    EXPECT_EQ(safe_component("gpj.\u202e.exe"), "gpj._.exe") << "a direction mark";
    EXPECT_EQ(safe_component("\xc2\x9b"
                             "1m"),
              "_1m")
        << "a terminal's control character";
}

TEST(PathRules, HostileNamesAreRefused) {
    EXPECT_EQ(safe_component("").error(), PathFault::empty);
    EXPECT_EQ(safe_component(".").error(), PathFault::empty);
    EXPECT_EQ(safe_component("..").error(), PathFault::traversal);
    EXPECT_EQ(safe_component("a/../b").error(), PathFault::traversal);
    EXPECT_EQ(safe_component("..\\..\\x").error(), PathFault::traversal);
    EXPECT_EQ(safe_component("/etc/passwd").error(), PathFault::absolute);
    EXPECT_EQ(safe_component(std::string_view("a\0b", 3)).error(), PathFault::control_character);
    EXPECT_EQ(safe_component("a\x7f").error(), PathFault::control_character);
}

TEST(PathRules, LongNamesKeepTheirExtension) {
    const std::string longest(component_bytes_max, 'n');
    EXPECT_EQ(safe_component(longest), longest);
    EXPECT_EQ(safe_component(longest + "n"), longest);
    EXPECT_EQ(safe_component(longest + ".mkv"), longest.substr(4) + ".mkv");
    std::string wide;
    for (int i = 0; i < 100; ++i) wide += "日";
    EXPECT_EQ(safe_component(wide + ".mkv")->size(), 83U * 3 + 4) << "cut between characters";
}

TEST(PathRules, CollisionsAreOfPathsNotOfText) {
    const PathComponents file{"a"};
    const PathComponents beside{"a-"};
    const PathComponents below{"a", "b"};
    const std::vector<const PathComponents*> distinct{&beside, &below};
    EXPECT_FALSE(find_collision(distinct));
    const std::vector<const PathComponents*> colliding{&below, &beside, &file};
    const auto collision = find_collision(colliding);
    ASSERT_TRUE(collision);
    EXPECT_EQ(collision->first, 2U);
    EXPECT_EQ(collision->second, 0U);
    EXPECT_TRUE(collision->file_is_folder);
}
