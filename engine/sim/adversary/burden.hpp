#pragma once
// engine/sim/adversary/burden.hpp: what peers make a process hold and do.
#include <cstddef>
#include <cstdint>

#include "engine/sim/sim_node.hpp"

namespace spate::sim {

/// At one moment, or the most of several.
struct Burden {
    std::size_t held_bytes = 0;   // messages under way, answers that wait, queues, tables
    std::size_t letters = 0;      // from one core to the others, at most
    std::size_t outputs = 0;      // of one core in a turn, at most
    std::size_t connections = 0;  // of all cores

    void take_greater(const Burden& other);
};

Burden burden_of(const SimNode& node);

}  // namespace spate::sim
