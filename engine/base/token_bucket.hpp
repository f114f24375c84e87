#pragma once
// engine/base/token_bucket.hpp: a byte rate that several cores share without a lock.
#include <algorithm>
#include <atomic>
#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/base/time.hpp"

namespace spate {

/// A rate limit in bytes per second, shared by threads. Kept as the one instant at which the bucket
/// would be full again (the generic cell rate algorithm), so a take is one compare-and-swap.
/// One that nobody shares costs little more than a plain counter.
class TokenBucket {
public:
    /// `rate_bytes_per_s` 0 means unlimited. At most `burst` of time is handed out at once.
    explicit TokenBucket(std::uint64_t rate_bytes_per_s = 0, Duration burst = 100ms)
        : rate_(rate_bytes_per_s), burst_(burst) {}
    TokenBucket(const TokenBucket&) = delete;
    TokenBucket& operator=(const TokenBucket&) = delete;

    /// From the next take on; what was taken stays paid for at the old rate.
    void set_rate(std::uint64_t bytes_per_s) {
        rate_.store(bytes_per_s, std::memory_order_relaxed);
    }

    /// 0: unlimited.
    std::uint64_t rate_bytes_per_s() const { return rate_.load(std::memory_order_relaxed); }
    bool unlimited() const { return rate_bytes_per_s() == 0; }

    /// True when a take would succeed now.
    bool available(Time now) const {
        return unlimited() || full_at_.load(std::memory_order_relaxed) <= ticks(now + burst_);
    }

    /// Takes `bytes`. They may overdraw the bucket, as sizes are known only afterwards; then
    /// available() says no until the debt is paid.
    void take(std::uint64_t bytes, Time now) {
        const std::uint64_t rate = rate_.load(std::memory_order_relaxed);
        if (rate == 0) return;
        const auto cost =
            static_cast<std::int64_t>(static_cast<double>(bytes) * 1e9 / static_cast<double>(rate));
        std::int64_t seen = full_at_.load(std::memory_order_relaxed);
        while (!full_at_.compare_exchange_weak(seen, std::max(seen, ticks(now)) + cost,
                                               std::memory_order_relaxed)) {
        }
    }

    /// When available() turns true, if nobody takes more.
    Time next_available() const {
        return Time(Duration(full_at_.load(std::memory_order_relaxed))) - burst_;
    }

private:
    static std::int64_t ticks(Time time) { return time.time_since_epoch().count(); }

    std::atomic<std::uint64_t> rate_;  // bytes a second; 0: unlimited
    const Duration burst_;
    std::atomic<std::int64_t> full_at_{0};
};

}  // namespace spate
