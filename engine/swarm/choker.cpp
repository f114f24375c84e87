#include "engine/swarm/choker.hpp"

#include <algorithm>

namespace spate::swarm {
namespace {

using Ranked = std::vector<const ChokeCandidate*>;

void rank_by_what_they_give(Ranked& peers) {
    std::ranges::stable_sort(peers, [](const auto* a, const auto* b) {
        if (a->snubbed != b->snubbed) return b->snubbed;
        return a->rate_bytes_per_s > b->rate_bytes_per_s;
    });
}

/// A seed's turns: whoever is being served and hasn't had its turn out, then who has waited
/// longest.
void rank_in_turns(Ranked& peers, Time now) {
    const auto in_turn = [&](const ChokeCandidate* peer) {
        return peer->unchoked && now - peer->choke_changed_at < Choker::seed_turn;
    };
    std::ranges::stable_sort(peers, [&](const auto* a, const auto* b) {
        if (in_turn(a) != in_turn(b)) return in_turn(a);
        if (a->unchoked != b->unchoked) return b->unchoked;
        return a->choke_changed_at < b->choke_changed_at;
    });
}

}  // namespace

std::vector<PeerKey> Choker::choose(std::span<const ChokeCandidate> peers, std::uint32_t slots,
                                    bool seeding, Prng& random, Time now) {
    Ranked ranked;
    for (const ChokeCandidate& peer : peers)
        if (peer.interested) ranked.push_back(&peer);
    random.shuffle(std::span(ranked));  // ties are broken at random
    if (seeding) {
        rank_in_turns(ranked, now);
    } else {
        rank_by_what_they_give(ranked);
    }
    std::vector<PeerKey> chosen;
    const std::size_t regular = std::min<std::size_t>(slots, ranked.size());
    for (std::size_t i = 0; i < regular; ++i) chosen.push_back(ranked[i]->key);
    if (const auto optimistic = choose_optimistic(std::span(ranked).subspan(regular), random, now))
        chosen.push_back(*optimistic);
    return chosen;
}

std::optional<PeerKey> Choker::choose_optimistic(std::span<const ChokeCandidate* const> others,
                                                 Prng& random, Time now) {
    const bool still_there = optimistic_ && std::ranges::any_of(others, [&](const auto* peer) {
                                 return peer->key == *optimistic_;
                             });
    if (still_there && now < optimistic_until_) return optimistic_;
    const auto weight = [&](const ChokeCandidate* peer) {
        return now - peer->joined_at < newcomer_age_max ? 3U : 1U;
    };
    std::uint64_t total = 0;
    for (const auto* peer : others) total += weight(peer);
    optimistic_.reset();
    if (total == 0) return std::nullopt;
    std::uint64_t ticket = random.below(total);
    for (const auto* peer : others) {
        if (ticket < weight(peer)) {
            optimistic_ = peer->key;
            break;
        }
        ticket -= weight(peer);
    }
    optimistic_until_ = now + optimistic_round;
    return optimistic_;
}

}  // namespace spate::swarm
