#pragma once
// hashing/lane_plan.hpp: which kernels advance so many messages fastest.
#include <array>
#include <cstdint>
#include <span>

#include "hashing/lane_kernel.hpp"

namespace spate::hashing {

/// For each number of busy lanes, the kernel calls that cover them at the least total cost.
/// A value of a few cache lines, constant once made.
class LanePlan {
public:
    /// One kernel as the plan sees it.
    struct Choice {
        Compress compress = nullptr;
        unsigned lanes = 0;
        std::uint32_t step_ns = 0;
    };

    /// The cheapest cover of every count, by dynamic programming over `choices` (not empty).
    explicit LanePlan(std::span<const Choice> choices);

    /// Advances the first `busy` lanes by `blocks`; 1 <= busy <= lanes_max. `data` has lanes_max
    /// readable entries.
    void advance(std::uint32_t* state, const std::byte* const* data, unsigned busy,
                 std::size_t blocks) const {
        for (unsigned at = 0; at < busy;) {
            const Choice& choice = first_[busy - at];
            choice.compress(state + at, data + at, blocks);
            at += choice.lanes;
        }
    }

    /// The lanes of the first call for `busy` lanes, for tests and benchmarks.
    unsigned first_call_lanes(unsigned busy) const { return first_[busy].lanes; }

private:
    std::array<Choice, lanes_max + 1> first_{};  // first_[n]: the first call when n lanes are busy
};

}  // namespace spate::hashing
