#include "engine/driver/zero_copy.hpp"

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::driver;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t much = ZeroCopyChooser::interval_bytes_min;
constexpr std::uint64_t large = ZeroCopyChooser::send_bytes_min;

struct ZeroCopyTest : testing::Test {
    ZeroCopyChooser chooser{ZeroCopy::automatic, true, true};
    Time now = Time{} + 1h;

    void interval(Duration cpu) {
        now += 200ms;
        chooser.on_interval(much, cpu, now);
    }
    /// A whole trial, with an interval that only begins it. How many of its intervals went
    /// uncopied.
    std::size_t trial(Duration copied, Duration uncopied) {
        std::size_t count = 0;
        interval(copied);
        for (std::size_t i = 0; i < 2 * ZeroCopyChooser::trial_intervals; ++i) {
            count += chooser.wants(large) ? 1 : 0;
            interval(chooser.wants(large) ? uncopied : copied);
        }
        return count;
    }
};

}  // namespace

TEST_F(ZeroCopyTest, NothingIsTriedUntilMuchIsSent) {
    for (int i = 0; i < 100; ++i) {
        now += 200ms;
        chooser.on_interval(much - 1, 1ms, now);
        EXPECT_FALSE(chooser.wants(large));
    }
}

TEST_F(ZeroCopyTest, ItIsKeptWhereItCostsLess) {
    EXPECT_EQ(trial(100ms, 80ms), ZeroCopyChooser::trial_intervals);
    EXPECT_TRUE(chooser.wants(large));
    EXPECT_FALSE(chooser.wants(large - 1)) << "a small send is copied";
}

TEST_F(ZeroCopyTest, ItIsDroppedWhereItHardlyCostsLess) {
    EXPECT_EQ(trial(100ms, 96ms), ZeroCopyChooser::trial_intervals);
    EXPECT_FALSE(chooser.wants(large));
}

TEST_F(ZeroCopyTest, ADisturbedIntervalDecidesNothing) {
    interval(100ms);
    for (std::size_t i = 0; i < 2 * ZeroCopyChooser::trial_intervals; ++i)
        interval(i == 1 ? 900ms : chooser.wants(large) ? 80ms : 100ms);
    EXPECT_TRUE(chooser.wants(large));
}

TEST_F(ZeroCopyTest, AnotherTrialComesAfterAWhile) {
    trial(100ms, 120ms);
    EXPECT_EQ(trial(100ms, 80ms), 0U) << "too early";
    now += ZeroCopyChooser::review_interval;
    trial(100ms, 80ms);
    EXPECT_TRUE(chooser.wants(large));
}

TEST_F(ZeroCopyTest, AKernelThatCopiesAfterAllEndsTheTrial) {
    interval(100ms);
    interval(100ms);
    ASSERT_TRUE(chooser.wants(large));
    for (std::uint32_t i = 0; i < ZeroCopyChooser::copied_max; ++i) {
        EXPECT_TRUE(chooser.wants(large));
        chooser.on_notified(true, now);
    }
    EXPECT_FALSE(chooser.wants(large));
    interval(100ms);
    interval(100ms);
    EXPECT_FALSE(chooser.wants(large)) << "until the next review";
}

TEST_F(ZeroCopyTest, SomeCopiesAmongOthersAreNoReason) {
    interval(100ms);
    interval(100ms);
    for (int i = 0; i < 1000; ++i) chooser.on_notified(i % 4 != 0, now);
    EXPECT_TRUE(chooser.wants(large));
}

TEST_F(ZeroCopyTest, NothingIsTriedOnAKernelThatDoesNotTellItsCopies) {
    chooser = ZeroCopyChooser(ZeroCopy::automatic, true, false);
    EXPECT_EQ(trial(100ms, 80ms), 0U);
    EXPECT_FALSE(chooser.wants(large));
}

TEST_F(ZeroCopyTest, OnAndOffAreWhatTheySayUnlessTheKernelRefuses) {
    ZeroCopyChooser on(ZeroCopy::on, true, false);
    ZeroCopyChooser off(ZeroCopy::off, true, true);
    ZeroCopyChooser impossible(ZeroCopy::on, false, false);
    for (std::uint32_t i = 0; i < 2 * ZeroCopyChooser::copied_max; ++i) {
        on.on_notified(true, now);
        on.on_interval(much, 100ms, now);
        off.on_interval(much, 100ms, now);
    }
    EXPECT_TRUE(on.wants(large));
    EXPECT_FALSE(off.wants(large));
    EXPECT_FALSE(impossible.wants(large));
    on.on_refused(now);
    EXPECT_FALSE(on.wants(large));
}
