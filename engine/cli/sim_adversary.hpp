#pragma once
// engine/cli/sim_adversary.hpp: `spate sim adversary`, seed after seed.
#include <cstdint>
#include <string>
#include <vector>

#include "engine/cli/environment.hpp"
#include "engine/sim/adversary/attack_kind.hpp"

namespace spate::cli {

inline constexpr const char* adversary_name = "adversary";

struct AdversaryRequest {
    std::uint64_t seed = 1;
    std::uint64_t rounds = 1;            // seeds from `seed` on
    std::vector<sim::AttackKind> kinds;  // none: all
    std::string totals;                  // the file; empty: none
    unsigned processes = 1;              // side by side
    /// In this process, so that a debugger sees it; an abort ends everything then.
    bool here = false;
};

/// Each seed runs in a child process, since an abort is one of the things that must not happen.
/// Says each seed that fails and how to replay it. With a file of totals it begins behind the last
/// seed there.
int simulate_adversary(AdversaryRequest request, Environment& environment);

}  // namespace spate::cli
