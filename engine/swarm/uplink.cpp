#include "engine/swarm/uplink.hpp"

#include <algorithm>
#include <cmath>

#include "engine/swarm/choker.hpp"

namespace spate::swarm {

void Uplink::observe(std::uint64_t given_bytes_per_s, std::uint64_t allotted_bytes_per_s) {
    const auto given = static_cast<double>(given_bytes_per_s);
    const auto allotted = static_cast<double>(allotted_bytes_per_s);
    const double expected = (allotted + static_cast<double>(allotted_before_)) / 2;
    allotted_before_ = allotted_bytes_per_s;
    double estimate = std::max(given, static_cast<double>(estimate_) * sink);
    if (allotted > 0 && given >= saturated_share * expected)
        estimate = std::max(estimate, allotted * (limit_met_ ? grow : grow_at_first));
    else if (allotted > 0)
        limit_met_ = true;
    estimate_ = static_cast<std::uint64_t>(estimate);
}

std::uint32_t slots_for_uplink(std::uint64_t uplink_bytes_per_s) {
    if (uplink_bytes_per_s == 0) return Choker::slots_default;
    const double kb_per_s = static_cast<double>(uplink_bytes_per_s) / 1'000;
    if (kb_per_s < 9) return 2;
    if (kb_per_s < 15) return 3;
    if (kb_per_s < 42) return 4;
    return std::max(4U, static_cast<std::uint32_t>(std::sqrt(0.6 * kb_per_s)));
}

}  // namespace spate::swarm
