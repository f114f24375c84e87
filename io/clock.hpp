#pragma once
// io/clock.hpp: the only place that reads the monotonic clock while the engine runs.
#include <time.h>

#include "engine/base/time.hpp"

namespace spate::io {

/// CLOCK_MONOTONIC, read once a turn: between two `refresh()` every caller sees the same time, so
/// one turn's decisions agree with one another. One a core thread.
class Clock {
public:
    Clock() { refresh(); }

    /// The time of the last refresh.
    Time now() const { return now_; }

    /// Reads the clock; returns the new time.
    Time refresh() {
        timespec raw{};
        ::clock_gettime(CLOCK_MONOTONIC, &raw);
        now_ = Time(std::chrono::seconds(raw.tv_sec) + std::chrono::nanoseconds(raw.tv_nsec));
        return now_;
    }

private:
    Time now_;
};

}  // namespace spate::io
