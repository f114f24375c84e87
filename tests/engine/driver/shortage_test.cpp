#include "engine/driver/shortage.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace spate::driver {
namespace {

constexpr Time start{1'000s};
const FileTrouble no_descriptor{Trouble::descriptors, {}, "can't open a: too many open files"};
const FileTrouble no_memory{Trouble::memory, {}, "can't send: no memory"};

TEST(Shortage, WhatWaitsIsTriedAgainTogetherAfterPausesThatGrowToABound) {
    Shortage shortage;
    Time now = start;
    Duration last{};
    for (int tries = 0; tries < 12; ++tries) {
        shortage.hold(ConnectionId(1), no_descriptor, now);
        shortage.hold(ConnectionId(2), no_descriptor, now);
        EXPECT_TRUE(shortage.take_due(now).empty());
        const Time next = *shortage.next_timeout();
        EXPECT_GE(next - now, last);
        last = next - now;
        now = next;
        EXPECT_EQ(shortage.take_due(now).size(), 2U);
    }
    EXPECT_EQ(last, Shortage::pause_max);
}

TEST(Shortage, IsToldOnceAndOverWhenNothingHasFailedForAWhile) {
    Shortage shortage;
    EXPECT_FALSE(shortage.take_news());
    shortage.hold(ConnectionId(1), no_descriptor, start);
    EXPECT_EQ(shortage.take_news(), no_descriptor.sentence);
    EXPECT_FALSE(shortage.take_end(start + Shortage::quiet_min)) << "somebody still waits";
    EXPECT_EQ(shortage.take_due(start + 1s).size(), 1U);
    shortage.hold(ConnectionId(1), no_memory, start + 1s);
    EXPECT_FALSE(shortage.take_news()) << "it is the same one";
    EXPECT_EQ(shortage.take_due(start + 2s).size(), 1U);
    EXPECT_EQ(shortage.next_timeout(), start + 1s + Shortage::quiet_min);
    EXPECT_FALSE(shortage.take_end(start + 5s));
    EXPECT_TRUE(shortage.take_end(start + 1s + Shortage::quiet_min));
    EXPECT_FALSE(shortage.take_end(start + 60s));
    EXPECT_FALSE(shortage.next_timeout());
    shortage.hold(ConnectionId(1), no_memory, start + 60s);
    EXPECT_EQ(shortage.take_news(), no_memory.sentence) << "the next one is told again";
    EXPECT_EQ(shortage.next_timeout(), start + 60s + Shortage::pause_min);
}

TEST(Shortage, OnlyALackOfDescriptorsClosesConnections) {
    Shortage shortage;
    shortage.hold(ConnectionId(1), no_memory, start);
    EXPECT_FALSE(shortage.take_want_of_descriptors());
    shortage.hold(ConnectionId(2), no_descriptor, start);
    EXPECT_TRUE(shortage.take_want_of_descriptors());
    EXPECT_FALSE(shortage.take_want_of_descriptors());
}

TEST(FileTrouble, WhatGoesByIsToldFromWhatLasts) {
    for (const int error : {EMFILE, ENFILE})
        EXPECT_EQ(trouble_of_errno(error), Trouble::descriptors);
    for (const int error : {ENOMEM, ENOBUFS, EAGAIN, EINTR})
        EXPECT_EQ(trouble_of_errno(error), Trouble::memory);
    for (const int error : {ENOSPC, EDQUOT, EIO, EROFS})
        EXPECT_EQ(trouble_of_errno(error), Trouble::disk);
    for (const int error : {EACCES, ENOENT, EISDIR, ELOOP})
        EXPECT_EQ(trouble_of_errno(error), Trouble::lasting);
}

}  // namespace
}  // namespace spate::driver
