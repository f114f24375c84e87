#include "engine/base/latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/base/assert.hpp"

namespace spate {

LatencyHistogram& LatencyHistogram::operator=(const LatencyHistogram& other) {
    constexpr auto relaxed = std::memory_order_relaxed;
    for (std::size_t i = 0; i < bucket_count; ++i)
        buckets_[i].store(other.buckets_[i].load(relaxed), relaxed);
    overflows_.store(other.overflows_.load(relaxed), relaxed);
    max_ns_.store(other.max_ns_.load(relaxed), relaxed);
    return *this;
}

/// Below 2^precision_bits each nanosecond has a bucket of its own; each octave above has as many.
std::size_t LatencyHistogram::bucket_of(std::uint64_t duration_ns) {
    constexpr std::uint64_t linear = 1U << precision_bits;
    if (duration_ns < linear) return duration_ns;
    const auto octave = static_cast<unsigned>(std::bit_width(duration_ns)) - 1 - precision_bits;
    return ((octave + std::size_t{1}) << precision_bits) + ((duration_ns >> octave) & (linear - 1));
}

Duration LatencyHistogram::middle_of(std::size_t bucket) {
    constexpr std::uint64_t linear = 1U << precision_bits;
    if (bucket < linear) return Duration(static_cast<std::int64_t>(bucket));
    const std::size_t octave = (bucket >> precision_bits) - 1;
    const std::uint64_t low = (linear + (bucket & (linear - 1))) << octave;
    return Duration(static_cast<std::int64_t>(low + (std::uint64_t{1} << octave) / 2));
}

void LatencyHistogram::record(Duration duration) {
    const std::int64_t ns = std::max<std::int64_t>(duration.count(), 0);
    if (ns > max_ns_.load(std::memory_order_relaxed)) max_ns_.store(ns, std::memory_order_relaxed);
    if (ns > range_max.count()) return add(overflows_, 1);
    add(buckets_[bucket_of(static_cast<std::uint64_t>(ns))], 1);
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
    constexpr auto relaxed = std::memory_order_relaxed;
    for (std::size_t i = 0; i < bucket_count; ++i)
        add(buckets_[i], other.buckets_[i].load(relaxed));
    add(overflows_, other.overflows());
    max_ns_.store(std::max(max_ns_.load(relaxed), other.max_ns_.load(relaxed)), relaxed);
}

std::uint64_t LatencyHistogram::count() const {
    std::uint64_t count = overflows();
    for (const Counter& bucket : buckets_) count += bucket.load(std::memory_order_relaxed);
    return count;
}

Duration LatencyHistogram::percentile(double percent) const {
    SPATE_ASSERT(percent >= 0 && percent <= 100);
    const std::uint64_t all = count();
    if (all == 0) return Duration::zero();
    const auto rank = std::clamp<std::uint64_t>(
        static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(all))), 1, all);
    if (rank == all) return max();
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        seen += buckets_[i].load(std::memory_order_relaxed);
        if (seen >= rank) return std::min(middle_of(i), max());
    }
    return max();
}

}  // namespace spate
