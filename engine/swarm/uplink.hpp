#pragma once
// engine/swarm/uplink.hpp: how much can be given, and to how many at once.
#include <cstdint>

namespace spate::swarm {

/// The uplink's capacity: what the user set, else what has been seen to go out. The estimate
/// follows a greater rate at once; where all that was allotted goes out it looks for more, at first
/// for twice as much, and it sinks slowly, since a lull says nothing about the link. One round a
/// call, one thread.
class Uplink {
public:
    static constexpr double grow_at_first = 2;  // until not all went out once
    static constexpr double grow = 1.25;
    static constexpr double sink = 0.98;
    /// All went out, when so much of it did.
    static constexpr double saturated_share = 0.8;

    /// `limit_bytes_per_s` 0: none set.
    explicit Uplink(std::uint64_t limit_bytes_per_s = 0) : limit_(limit_bytes_per_s) {}

    /// What all peers were given, as a mean over the last two rounds, and what they were allotted
    /// in the last (0: as much as they took).
    void observe(std::uint64_t given_bytes_per_s, std::uint64_t allotted_bytes_per_s);
    /// 0 while nothing is known.
    std::uint64_t bytes_per_s() const { return limit_ > 0 ? limit_ : estimate_; }

private:
    std::uint64_t limit_;
    std::uint64_t estimate_ = 0;
    std::uint64_t allotted_before_ = 0;
    bool limit_met_ = false;
};

/// Slots for this uplink, as the original client had it: the square root of 0.6 x KB/s, so that
/// more speed becomes both more peers and more for each. `slots_default` while nothing is known.
std::uint32_t slots_for_uplink(std::uint64_t uplink_bytes_per_s);

}  // namespace spate::swarm
