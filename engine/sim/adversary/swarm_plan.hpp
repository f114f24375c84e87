#pragma once
// engine/sim/adversary/swarm_plan.hpp: which honest swarm a seed makes, and who attacks it.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/sim/adversary/attack_kind.hpp"
#include "engine/sim/sim_node.hpp"
#include "engine/sim/test_content.hpp"

namespace spate::sim {

/// Hosts of one kind of attack.
struct Party {
    AttackKind kind{};
    std::uint32_t addresses = 1;
    std::uint32_t connections = 1;  // of each with each honest peer
};

/// All that is drawn before a run. The same for the run without attackers, whose parties are left
/// out.
struct SwarmPlan {
    /// The second is of very many pieces: every seed has it, no honest peer wants it.
    std::vector<TestContent::Shape> contents;
    bool magnet = false;
    std::vector<NodeOptions> honest;
    std::vector<Party> parties;

    bool attacked_by(AttackKind kind) const;
    /// "magnet, v2, 2 seeds, 3 leechers, ..."
    std::string describe() const;
};

/// One to three of `kinds`, which isn't empty.
SwarmPlan draw_plan(std::uint64_t seed, std::span<const AttackKind> kinds);

}  // namespace spate::sim
