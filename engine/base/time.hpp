#pragma once
// engine/base/time.hpp: what a time is. Nothing here reads a clock; io/clock.hpp and main do.
#include <chrono>

namespace spate {

using Duration = std::chrono::nanoseconds;
/// Monotonic; its origin means nothing. In simulation it is the virtual time.
using Time = std::chrono::time_point<std::chrono::steady_clock, Duration>;

using namespace std::chrono_literals;

inline double to_seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace spate
