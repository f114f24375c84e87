#pragma once
// engine/swarm/rankings.hpp: strategies that give slots to the best of a ranking.
#include "engine/swarm/choke_candidate.hpp"

namespace spate::swarm {

// Each puts the most deserving peers first and breaks ties by the order that it finds. Pure.

/// BEP 3's tit-for-tat: who gives most. Whoever snubs us comes after all others.
struct TitForTat {
    static void rank(Ranked& peers, Time now);
};

/// A seed spreads the file fastest through those that take it fastest.
struct FastestUpload {
    static void rank(Ranked& peers, Time now);
};

/// A seed serves in turns: whoever is being served and hasn't had its turn out, then who has waited
/// longest.
struct RoundRobin {
    static constexpr Duration turn = 30s;
    static void rank(Ranked& peers, Time now);
};

/// A seed serves those that have just begun, who have nothing to trade, and those that are almost
/// done, who will be seeds soon. Who is in the middle of the file must trade (as libtorrent's
/// anti_leech).
struct AntiLeech {
    static void rank(Ranked& peers, Time now);
};

}  // namespace spate::swarm
