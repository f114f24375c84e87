#pragma once
// engine/base/latency_histogram.hpp: how long something took, thousands of times.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/base/time.hpp"

namespace spate {

/// Counts durations in buckets that are linear within an octave and double from one octave to the
/// next (as HdrHistogram's are), so that one histogram tells nanoseconds and seconds alike to
/// within relative_error_max. Fixed memory; record() allocates nothing and takes some nanoseconds.
/// One thread records; any thread may copy it meanwhile, and sees each count as it was at some
/// moment during the copy.
class LatencyHistogram {
public:
    static constexpr unsigned precision_bits = 4;
    /// Longer ones are counted, and all of them taken to be as long as the longest.
    static constexpr Duration range_max{(std::int64_t{1} << 36) - 1};  // 68.7 s
    static constexpr std::size_t bucket_count = (36 - precision_bits + 1) << precision_bits;
    /// Of percentile(), within the range: half a bucket.
    static constexpr double relative_error_max = 1.0 / (2 << precision_bits);

    LatencyHistogram() = default;
    LatencyHistogram(const LatencyHistogram& other) { *this = other; }
    LatencyHistogram& operator=(const LatencyHistogram& other);
    ~LatencyHistogram() = default;

    /// A negative duration (two cores' clocks read in the other order) counts as none.
    void record(Duration duration);
    void merge(const LatencyHistogram& other);

    std::uint64_t count() const;
    /// Counted in count(), too long for the buckets.
    std::uint64_t overflows() const { return overflows_.load(std::memory_order_relaxed); }
    /// Exact.
    Duration max() const { return Duration(max_ns_.load(std::memory_order_relaxed)); }
    /// The duration that `percent` of the recorded ones don't exceed; none of none. 0 to 100.
    Duration percentile(double percent) const;

private:
    using Counter = std::atomic<std::uint64_t>;

    static std::size_t bucket_of(std::uint64_t duration_ns);
    static Duration middle_of(std::size_t bucket);
    /// Only one thread adds, so it needs no locked instruction.
    static void add(Counter& counter, std::uint64_t amount) {
        counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }

    std::array<Counter, bucket_count> buckets_{};
    Counter overflows_{0};
    std::atomic<std::int64_t> max_ns_{0};
};

}  // namespace spate
