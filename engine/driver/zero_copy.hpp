#pragma once
// engine/driver/zero_copy.hpp: whether sends go out without being copied.
#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/time.hpp"

namespace spate::driver {

enum class ZeroCopy : std::uint8_t { automatic, on, off };

/// Decides for one core. A send that isn't copied costs the kernel the pinning of its pages and a
/// notification; that pays on a network card that gathers them, and never on loopback or between
/// namespaces, where the kernel copies after all. So `automatic` tries it out: for some intervals
/// in turns with copying, when much is sent; it keeps what costs less CPU time a byte, and asks
/// again after a while. Pure; one thread.
class ZeroCopyChooser {
public:
    /// Smaller sends are copied: that costs less than a notification.
    static constexpr std::uint64_t send_bytes_min = 64 * 1024;
    /// Of an interval that counts.
    static constexpr std::uint64_t interval_bytes_min = 32 << 20;
    /// Intervals of each kind in a trial.
    static constexpr std::size_t trial_intervals = 3;
    /// Not copying must cost at most so much of what copying costs.
    static constexpr double cost_ratio_max = 0.95;
    /// The kernel copied after all: so many sends in a row end the trial.
    static constexpr std::uint32_t copied_max = 8;
    static constexpr Duration review_interval = std::chrono::minutes(10);

    /// `possible`: the kernel has the operation. `tells_copies`: and says when it copied after all,
    /// without which nothing is tried.
    ZeroCopyChooser(ZeroCopy wish, bool possible, bool tells_copies);

    /// The next send of so much payload.
    bool wants(std::uint64_t payload_bytes) const {
        return uncopied_ && payload_bytes >= send_bytes_min;
    }
    /// The kernel gave a send's memory back, and may have copied it after all.
    void on_notified(bool copied, Time now);
    /// The kernel refused it: too little memory may be locked, or the socket can't.
    void on_refused(Time now);
    /// An interval is over in which the core sent so much and used so much CPU time.
    void on_interval(std::uint64_t sent_bytes, Duration cpu, Time now);

private:
    void rest(bool uncopied, Time now);

    ZeroCopy wish_;
    bool uncopied_ = false;
    bool trying_ = false;
    Time review_at_{};
    std::size_t intervals_ = 0;                                   // of this trial
    std::array<std::array<double, trial_intervals>, 2> costs_{};  // copied, not copied
    std::uint32_t copied_ = 0;                                    // in a row
};

}  // namespace spate::driver
