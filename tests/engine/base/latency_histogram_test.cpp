#include "engine/base/latency_histogram.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"

using namespace spate;

namespace {

/// Spread over all octaves of the range.
std::vector<Duration> durations_of_every_size(std::size_t count) {
    Prng random(7);
    std::vector<Duration> durations;
    for (std::size_t i = 0; i < count; ++i)
        durations.emplace_back(static_cast<std::int64_t>(random() >> (28 + random() % 36)));
    return durations;
}

double relative_error(Duration told, Duration truth) {
    return std::abs(static_cast<double>((told - truth).count())) /
           std::max(static_cast<double>(truth.count()), 1.0);
}

}  // namespace

TEST(LatencyHistogram, OfNothingIsZero) {
    const LatencyHistogram none;
    EXPECT_EQ(none.count(), 0U);
    EXPECT_EQ(none.percentile(50), Duration::zero());
    EXPECT_EQ(none.max(), Duration::zero());
}

TEST(LatencyHistogram, SmallDurationsAreExact) {
    for (int ns = 0; ns < 32; ++ns) {
        LatencyHistogram one;
        one.record(Duration(ns));
        EXPECT_EQ(one.percentile(50), Duration(ns));
    }
}

TEST(LatencyHistogram, EveryDurationInRangeIsToldWithinTheRelativeError) {
    for (int octave = 0; octave < 36; ++octave) {
        const std::int64_t low = std::int64_t{1} << octave;
        for (const std::int64_t ns : {low, low + low / 3, low + low / 2, 2 * low - 1}) {
            LatencyHistogram two;
            two.record(Duration(ns));
            two.record(LatencyHistogram::range_max);  // or the maximum would tell it exactly
            EXPECT_LE(relative_error(two.percentile(50), Duration(ns)),
                      LatencyHistogram::relative_error_max)
                << ns;
        }
    }
}

TEST(LatencyHistogram, PercentilesAreThoseOfTheSortedDurations) {
    std::vector<Duration> durations = durations_of_every_size(20'000);
    LatencyHistogram histogram;
    for (const Duration duration : durations) histogram.record(duration);
    std::ranges::sort(durations);
    ASSERT_EQ(histogram.count(), durations.size());
    for (const double percent : {1.0, 25.0, 50.0, 90.0, 99.0, 99.9}) {
        const auto rank = static_cast<std::size_t>(
            std::ceil(percent / 100 * static_cast<double>(durations.size())));
        EXPECT_LE(relative_error(histogram.percentile(percent), durations[rank - 1]),
                  LatencyHistogram::relative_error_max)
            << percent;
    }
    EXPECT_EQ(histogram.max(), durations.back());
    EXPECT_EQ(histogram.percentile(100), durations.back()) << "no more than the maximum";
}

TEST(LatencyHistogram, MergedIsAsIfOneHadRecordedAll) {
    LatencyHistogram all;
    LatencyHistogram even;
    LatencyHistogram odd;
    const auto durations = durations_of_every_size(2'000);
    for (std::size_t i = 0; i < durations.size(); ++i) {
        all.record(durations[i]);
        (i % 2 == 0 ? even : odd).record(durations[i]);
    }
    even.merge(odd);
    EXPECT_EQ(even.count(), all.count());
    EXPECT_EQ(even.max(), all.max());
    for (int percent = 0; percent <= 100; ++percent)
        EXPECT_EQ(even.percentile(percent), all.percentile(percent));
}

TEST(LatencyHistogram, WhatIsLongerThanItsRangeIsCountedAndAsLongAsTheLongest) {
    LatencyHistogram histogram;
    histogram.record(LatencyHistogram::range_max);
    EXPECT_EQ(histogram.overflows(), 0U);
    histogram.record(LatencyHistogram::range_max + 1ns);
    histogram.record(1h);
    EXPECT_EQ(histogram.overflows(), 2U);
    EXPECT_EQ(histogram.count(), 3U);
    EXPECT_EQ(histogram.percentile(99), 1h);
    EXPECT_EQ(histogram.max(), 1h);
}

TEST(LatencyHistogram, ANegativeDurationCountsAsNone) {
    LatencyHistogram histogram;
    histogram.record(-1s);
    EXPECT_EQ(histogram.count(), 1U);
    EXPECT_EQ(histogram.percentile(50), Duration::zero());
}

TEST(LatencyHistogram, ACopyStaysAsItWas) {
    LatencyHistogram histogram;
    histogram.record(5us);
    const LatencyHistogram copy = histogram;
    histogram.record(5s);
    EXPECT_EQ(copy.count(), 1U);
    EXPECT_EQ(copy.max(), 5us);
}
