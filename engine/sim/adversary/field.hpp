#pragma once
// engine/sim/adversary/field.hpp: what the attackers of a swarm share.
#include <cstdint>
#include <map>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "engine/sim/simulation.hpp"

namespace spate::sim {

/// Attackers know the torrents, all honest addresses, and what any of them has heard. One thread.
struct Field {
    Simulation& simulation;
    Prng random;
    /// Of honest peers as they listen, from those that were greeted by one of us.
    std::map<Endpoint, PeerId> ids{};
    /// Honest peers that are called, as they come.
    std::vector<Endpoint> honest{};
    std::uint64_t bytes_said = 0;
    std::uint64_t connections = 0;
    /// Who says so much falls silent, so that a run ends.
    std::uint64_t bytes_said_max = 0;
    /// No more calls.
    bool over = false;

    bool exhausted() const { return bytes_said >= bytes_said_max; }
    /// The second torrent of each seed, that no honest peer wants, is attacked too.
    const TestContent& content(std::size_t index) const { return simulation.content(index); }
    Duration upto(Duration longest) {
        return Duration(
            static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(longest.count()))));
    }
    bool chance(double part) { return random.unit() < part; }
};

}  // namespace spate::sim
