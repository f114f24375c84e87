#include "engine/cli/doubtful_files.hpp"

#include <gtest/gtest.h>

namespace spate::cli {
namespace {

constexpr Time start{1'000s};
const DoubtfulFiles::Stamp looks = storage::FileStamp{.size_bytes = 1, .inode = 2};

TEST(DoubtfulFiles, AFileThatKeepsChangingIsCheckedAfterPausesThatGrowToABound) {
    DoubtfulFiles files;
    Time now = start;
    Duration pause{};
    for (int change = 0; change < 12; ++change) {
        files.doubt(3, now);
        EXPECT_FALSE(files.due(now));
        for (pause = {}; !files.due(now + pause);) pause += 100ms;
        now += pause;
    }
    EXPECT_LE(pause, DoubtfulFiles::pause_max);
    EXPECT_GT(pause, DoubtfulFiles::pause_max / 2);
    EXPECT_EQ(files.take_due(now), std::vector<std::uint32_t>{3});
    files.whole(3);
    EXPECT_FALSE(files.due(now + 10min));
    files.doubt(3, now + 10min);
    EXPECT_TRUE(files.due(now + 10min + DoubtfulFiles::pause_min)) << "it was calm meanwhile";
}

TEST(DoubtfulFiles, AFileThatIsLostIsLookedAtNowAndThenAndLeftAloneAsLongAsItLooksAlike) {
    DoubtfulFiles files;
    files.doubt(3, start);
    EXPECT_FALSE(files.lost_look(3));
    EXPECT_EQ(files.take_due(start + 1s), std::vector<std::uint32_t>{3});
    files.lost(3, DoubtfulFiles::Stamp{}, start + 1s);
    ASSERT_TRUE(files.lost_look(3));
    EXPECT_EQ(*files.lost_look(3), std::nullopt) << "it isn't there";
    EXPECT_FALSE(files.due(start + 2s));
    EXPECT_TRUE(files.due(start + 1s + DoubtfulFiles::lost_interval));
    EXPECT_EQ(files.take_due(start + 40s), std::vector<std::uint32_t>{3});
    files.whole(3);
    EXPECT_FALSE(files.lost_look(3));
    EXPECT_FALSE(files.due(start + 10min));
}

TEST(DoubtfulFiles, AFileThatChangesWhileItIsCheckedIsCheckedOnceMore) {
    for (const bool whole : {true, false}) {
        DoubtfulFiles files;
        files.doubt(3, start);
        EXPECT_EQ(files.take_due(start + 1s), std::vector<std::uint32_t>{3});
        files.doubt(3, start + 2s);
        whole ? files.whole(3) : files.lost(3, looks, start + 3s);
        EXPECT_EQ(files.take_due(start + 4s), std::vector<std::uint32_t>{3});
        EXPECT_FALSE(files.lost_look(3));
    }
}

TEST(DoubtfulFiles, WhatCouldNotBeReadIsTriedAgainThoughItLooksAlike) {
    DoubtfulFiles files;
    files.doubt(3, start);
    EXPECT_EQ(files.take_due(start + 1s), std::vector<std::uint32_t>{3});
    files.lost(3, std::nullopt, start + 1s);
    EXPECT_FALSE(files.lost_look(3));
    EXPECT_TRUE(files.due(start + 1s + DoubtfulFiles::lost_interval));
}

}  // namespace
}  // namespace spate::cli
