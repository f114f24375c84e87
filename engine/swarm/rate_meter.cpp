#include "engine/swarm/rate_meter.hpp"

#include <algorithm>

namespace spate::swarm {

void RateMeter::add(std::uint64_t bytes, Time now) {
    const std::int64_t second = second_of(now);
    if (total_ == 0) {
        first_ = now;
        newest_s_ = second;
    }
    const auto window = static_cast<std::int64_t>(window_s);
    for (std::int64_t s = std::max(newest_s_ + 1, second - window + 1); s <= second; ++s)
        buckets_[static_cast<std::size_t>(s % window)] = 0;
    newest_s_ = std::max(newest_s_, second);
    buckets_[static_cast<std::size_t>(second % window)] += bytes;
    total_ += bytes;
}

std::uint64_t RateMeter::mean(Time now, std::int64_t seconds) const {
    if (total_ == 0) return 0;
    const auto window = static_cast<std::int64_t>(window_s);
    const std::int64_t second = second_of(now);
    std::uint64_t sum = 0;
    for (std::int64_t s = second - seconds + 1; s <= second; ++s)
        if (s <= newest_s_ && s > newest_s_ - window)
            sum += buckets_[static_cast<std::size_t>(s % window)];
    // The current second is not over: count the part of it that has passed.
    const Duration passed = now.time_since_epoch() % 1s + (seconds - 1) * 1s;
    const Duration span = std::max<Duration>(std::min(passed, now - first_), 100ms);
    return static_cast<std::uint64_t>(static_cast<double>(sum) / to_seconds(span));
}

std::uint64_t RateMeter::bytes_per_s(Time now) const {
    return mean(now, static_cast<std::int64_t>(window_s));
}

std::uint64_t RateMeter::recent_bytes_per_s(Time now) const {
    return mean(now, 2);
}

}  // namespace spate::swarm
