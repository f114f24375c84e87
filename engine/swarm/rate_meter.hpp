#pragma once
// engine/swarm/rate_meter.hpp: bytes per second over the last seconds.
#include <array>
#include <cstdint>

#include "engine/base/time.hpp"

namespace spate::swarm {

/// Counts bytes in one-second buckets and answers with their mean over up to `window_s` seconds:
/// BEP 3 ranks peers by a 20-second average.
class RateMeter {
public:
    static constexpr std::size_t window_s = 20;

    void add(std::uint64_t bytes, Time now);
    /// Mean over the window, or over the meter's life while that is shorter.
    std::uint64_t bytes_per_s(Time now) const;
    /// Mean over the last two seconds: what a progress bar shows and request queues follow.
    std::uint64_t recent_bytes_per_s(Time now) const;
    std::uint64_t total_bytes() const { return total_; }

private:
    static std::int64_t second_of(Time now) { return now.time_since_epoch() / 1s; }
    std::uint64_t mean(Time now, std::int64_t seconds) const;

    std::array<std::uint64_t, window_s> buckets_{};
    std::int64_t newest_s_ = 0;  // the second that the newest bucket stands for
    Time first_{};
    std::uint64_t total_ = 0;
};

}  // namespace spate::swarm
