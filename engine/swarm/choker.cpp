#include "engine/swarm/choker.hpp"

#include <algorithm>

namespace spate::swarm {

Choker::Choker(LeechStrategy leech, SeedStrategy seed) {
    if (leech == LeechStrategy::tyrant) leech_ = Tyrant();
    if (seed == SeedStrategy::fastest) seed_ = FastestUpload();
    if (seed == SeedStrategy::round_robin) seed_ = RoundRobin();
    if (seed == SeedStrategy::anti_leech) seed_ = AntiLeech();
}

void Choker::rank(Ranked& peers, bool seeding, Time now) const {
    if (!seeding) return TitForTat::rank(peers, now);
    std::visit([&](const auto& strategy) { strategy.rank(peers, now); }, seed_);
}

std::vector<Unchoke> Choker::choose(const ChokeRound& known, bool seeding) {
    if (spends_by_itself(seeding)) return std::get<Tyrant>(leech_).choose(known);
    Ranked ranked = interested_peers(known);
    rank(ranked, seeding, known.now);
    std::vector<Unchoke> chosen;
    const std::size_t regular = std::min<std::size_t>(known.slots, ranked.size());
    for (std::size_t i = 0; i < regular; ++i) chosen.push_back({ranked[i]->key});
    const auto others = std::span(ranked).subspan(regular);
    if (const auto optimistic = choose_optimistic(others, known.random, known.now))
        chosen.push_back({*optimistic});
    return chosen;
}

std::uint64_t Choker::rate_max_bytes_per_s(const PeerKey& peer, bool seeding) const {
    return spends_by_itself(seeding) ? std::get<Tyrant>(leech_).cost_of(peer) : 0;
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
