#include "hashing/lane_plan.hpp"

#include <algorithm>
#include <limits>

#include "engine/base/assert.hpp"

namespace spate::hashing {

LanePlan::LanePlan(std::span<const Choice> choices) {
    SPATE_ASSERT(!choices.empty());
    std::array<std::uint64_t, lanes_max + 1> cost{};
    for (unsigned busy = 1; busy <= lanes_max; ++busy) {
        cost[busy] = std::numeric_limits<std::uint64_t>::max();
        for (const Choice& choice : choices) {
            const unsigned rest = busy - std::min(busy, choice.lanes);
            const std::uint64_t total = choice.step_ns + cost[rest];
            const bool wider = choice.lanes > first_[busy].lanes;
            if (total > cost[busy] || (total == cost[busy] && !wider)) continue;
            cost[busy] = total;
            first_[busy] = choice;
        }
    }
    for (unsigned busy = 1; busy <= lanes_max; ++busy) {
        unsigned covered = 0;
        while (covered < busy) covered += first_[busy - covered].lanes;
        SPATE_ASSERT(covered <= lanes_max);  // no call reaches behind the last lane
    }
}

}  // namespace spate::hashing
