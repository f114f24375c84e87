#pragma once
// engine/base/coarse_time.hpp: when something happened, in four bytes.
#include <cstdint>

#include "engine/base/time.hpp"

namespace spate {

/// A moment to within resolution, kept for each of many small things to tell their age. Ages from
/// wrap on (over an hour) are told modulo wrap.
class CoarseTime {
public:
    static constexpr Duration resolution{1024};
    static constexpr Duration wrap{std::int64_t{1024} << 32};

    CoarseTime() = default;
    explicit CoarseTime(Time time) : ticks_(ticks_of(time)) {}

    Duration age(Time now) const {
        return resolution * static_cast<std::int64_t>(ticks_of(now) - ticks_);
    }

private:
    static std::uint32_t ticks_of(Time time) {
        return static_cast<std::uint32_t>(time.time_since_epoch() / resolution);
    }

    std::uint32_t ticks_ = 0;
};

}  // namespace spate
