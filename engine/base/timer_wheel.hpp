#pragma once
// engine/base/timer_wheel.hpp: very many coarse deadlines, a handful due at a time.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/time.hpp"

namespace spate {

/// One deadline for each of many keys (small dense integers), in ticks of `tick`. Scheduling is
/// O(1); a key fires at most one tick late and never early. One thread.
class TimerWheel {
public:
    explicit TimerWheel(Time start, Duration tick = 50ms);

    /// Sets or moves the key's deadline.
    void schedule(std::uint32_t key, Time deadline);
    void cancel(std::uint32_t key);

    /// The next instant at which pop_due() may yield a key.
    std::optional<Time> next_timeout() const;

    /// Yields the due keys one by one, each of them unscheduled.
    std::optional<std::uint32_t> pop_due(Time now);

private:
    static constexpr std::size_t slot_count = 1024;
    static constexpr std::uint64_t unscheduled = ~std::uint64_t{0};
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    /// A key with a deadline stands in the list of its slot.
    struct Entry {
        std::uint64_t tick = unscheduled;
        std::uint32_t next = none;
        std::uint32_t previous = none;
    };

    std::uint64_t tick_of(Time time) const;
    void link(std::uint32_t key, std::uint64_t tick);
    void unlink(std::uint32_t key);
    std::size_t slots_to_occupied(std::size_t from) const;

    Time start_;
    Duration tick_;
    std::uint64_t current_ = 0;                              // ticks before this one are drained
    std::size_t scheduled_count_ = 0;                        // keys with a deadline
    std::vector<Entry> entries_;                             // by key
    std::array<std::uint32_t, slot_count> heads_;            // by tick % slot_count
    std::array<std::uint64_t, slot_count / 64> occupied_{};  // slots with a list, as bits
};

}  // namespace spate
