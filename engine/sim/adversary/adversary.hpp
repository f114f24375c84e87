#pragma once
// engine/sim/adversary/adversary.hpp: an honest swarm, and the same one under attack.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/sim/adversary/attack_kind.hpp"
#include "engine/sim/adversary/burden.hpp"

namespace spate::sim {

struct AdversaryOptions {
    std::uint64_t seed = 1;
    std::vector<AttackKind> kinds;  // to choose from, none: all
    /// CPU time of this thread, in nanoseconds; changes nothing in the run. None: the work that
    /// attackers cause isn't judged.
    std::function<std::uint64_t()> cpu_ns{};
    /// Invariants of each node (invariants.hpp) are checked after one event in so many.
    std::uint64_t check_every = 400;
};

struct AdversaryResult {
    std::uint64_t seed = 0;
    std::string swarm;               // in words
    std::vector<std::string> kinds;  // of the attacks
    std::uint64_t trace_hash = 0;    // of both runs
    std::uint64_t events = 0;
    double virtual_seconds = 0;  // of both runs
    double calm_seconds = 0;     // until the last honest peer had everything
    double attacked_seconds = 0;
    double slowdown_max = 0;  // of an honest peer
    std::uint64_t hostile_bytes = 0;
    std::uint64_t hostile_connections = 0;
    Burden burden;  // the most of any node at any time
    double work_ns_per_byte = 0;
    /// The first invariant that broke: where, when and which. Empty: none.
    std::string failure;
};

/// Deterministic but for work_ns_per_byte.
AdversaryResult run_adversary(const AdversaryOptions& options);

}  // namespace spate::sim
