#pragma once
// engine/swarm/choke_candidate.hpp: what is known of a peer when slots are given out.
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"
#include "engine/base/time.hpp"

namespace spate::swarm {

/// A connection of this process, wherever its core is.
struct PeerKey {
    CoreIndex core;
    ConnectionId connection;
    auto operator<=>(const PeerKey&) const = default;
};

/// What a choking strategy knows of a peer. Rates are means over twenty seconds.
struct ChokeCandidate {
    PeerKey key;
    bool interested = false;
    bool snubbed = false;                     // sent nothing for a minute though we asked
    bool unchokes_us = false;                 //
    std::uint64_t rate_bytes_per_s = 0;       // what it gives us
    std::uint64_t given_bytes_per_s = 0;      // what we give it
    std::uint64_t announced_bytes_per_s = 0;  // how fast it gets pieces, by its HAVEs
    double have_share = 0;                    // of all pieces, 0 to 1
    Time joined_at{};
    bool unchoked = false;
    Time choke_changed_at{};  // when `unchoked` last changed
};

/// A slot given.
struct Unchoke {
    PeerKey key;
    std::uint64_t rate_max_bytes_per_s = 0;  // 0: as fast as it takes it
    auto operator<=>(const Unchoke&) const = default;
};

/// What every strategy decides from.
struct ChokeRound {
    std::span<const ChokeCandidate> peers;
    std::uint32_t slots = 0;
    std::uint64_t uplink_bytes_per_s = 0;  // what we can give in all; 0: unknown
    Prng& random;
    Time now;
};

/// The interested peers in random order, so that ties of a stable sort are broken at random.
using Ranked = std::vector<const ChokeCandidate*>;
Ranked interested_peers(const ChokeRound& round);

}  // namespace spate::swarm
