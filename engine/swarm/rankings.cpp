#include "engine/swarm/rankings.hpp"

#include <algorithm>
#include <cmath>

namespace spate::swarm {

Ranked interested_peers(const ChokeRound& round) {
    Ranked ranked;
    for (const ChokeCandidate& peer : round.peers)
        if (peer.interested) ranked.push_back(&peer);
    round.random.shuffle(std::span(ranked));
    return ranked;
}

void TitForTat::rank(Ranked& peers, Time) {
    std::ranges::stable_sort(peers, [](const auto* a, const auto* b) {
        if (a->snubbed != b->snubbed) return b->snubbed;
        return a->rate_bytes_per_s > b->rate_bytes_per_s;
    });
}

void FastestUpload::rank(Ranked& peers, Time) {
    std::ranges::stable_sort(peers, std::greater(), &ChokeCandidate::given_bytes_per_s);
}

void RoundRobin::rank(Ranked& peers, Time now) {
    const auto in_turn = [&](const ChokeCandidate* peer) {
        return peer->unchoked && now - peer->choke_changed_at < turn;
    };
    std::ranges::stable_sort(peers, [&](const auto* a, const auto* b) {
        if (in_turn(a) != in_turn(b)) return in_turn(a);
        if (a->unchoked != b->unchoked) return b->unchoked;
        return a->choke_changed_at < b->choke_changed_at;
    });
}

void AntiLeech::rank(Ranked& peers, Time) {
    std::ranges::stable_sort(peers, std::greater(), [](const ChokeCandidate* peer) {
        return std::abs(2 * peer->have_share - 1);
    });
}

}  // namespace spate::swarm
