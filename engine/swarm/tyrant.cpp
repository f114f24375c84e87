#include "engine/swarm/tyrant.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace spate::swarm {
namespace {

std::uint64_t whole(double bytes_per_s) {
    return static_cast<std::uint64_t>(std::llround(bytes_per_s));
}

}  // namespace

double Tyrant::first_offer(const Estimate& estimate, double uplink_bytes_per_s) {
    const double ordinary = std::max(cost_start_bytes_per_s, equal_split(uplink_bytes_per_s));
    return std::clamp(first_offer_share * estimate.gain_bytes_per_s, cost_start_bytes_per_s,
                      ordinary);
}

void Tyrant::learn(Estimate& estimate, const ChokeCandidate& peer) {
    if (peer.unchokes_us && peer.rate_bytes_per_s > 0) {
        estimate.gain_bytes_per_s = static_cast<double>(peer.rate_bytes_per_s);
    } else if (!peer.unchokes_us && peer.announced_bytes_per_s > 0 && !estimate.served) {
        // Who gets much also gives much, as others reciprocate to it.
        estimate.gain_bytes_per_s = equal_split(static_cast<double>(peer.announced_bytes_per_s));
    }
    if (!estimate.served) return;
    if (!peer.unchokes_us) {
        estimate.cost_bytes_per_s *= raise;
        estimate.reciprocated = 0;
    } else if (++estimate.reciprocated >= reciprocated_rounds) {
        estimate.cost_bytes_per_s =
            std::max(estimate.cost_bytes_per_s * lower, cost_min_bytes_per_s);
    }
}

void Tyrant::forget_leavers(const ChokeRound& round) {
    std::set<PeerKey> here;
    for (const ChokeCandidate& peer : round.peers) here.insert(peer.key);
    std::erase_if(estimates_, [&](const auto& one) { return !here.contains(one.first); });
}

std::vector<Unchoke> Tyrant::choose(const ChokeRound& round) {
    forget_leavers(round);
    double left = round.uplink_bytes_per_s > 0 ? static_cast<double>(round.uplink_bytes_per_s)
                                               : uplink_start_bytes_per_s;
    for (const ChokeCandidate& peer : round.peers) {
        Estimate& estimate = estimates_[peer.key];
        learn(estimate, peer);
        if (!estimate.tried) estimate.cost_bytes_per_s = first_offer(estimate, left);
        estimate.served = false;
    }
    struct Offer {
        double worth;
        PeerKey key;
        Estimate* estimate;
    };
    std::vector<Offer> offers;
    for (const ChokeCandidate* const peer : interested_peers(round)) {
        Estimate& estimate = estimates_[peer->key];
        offers.push_back(
            {estimate.gain_bytes_per_s / estimate.cost_bytes_per_s, peer->key, &estimate});
    }
    std::ranges::stable_sort(offers, std::greater(), &Offer::worth);
    std::vector<Unchoke> chosen;
    for (const Offer& offer : offers) {
        Estimate& estimate = *offer.estimate;
        // One is served even when it alone costs more than there is. Who costs more than is left is
        // passed over, so that the rest goes to others.
        if (chosen.size() == std::uint64_t{round.slots} + 1) break;
        if (estimate.cost_bytes_per_s > left && !chosen.empty()) continue;
        left -= estimate.cost_bytes_per_s;
        estimate.served = true;
        estimate.tried = true;
        chosen.push_back({offer.key, whole(estimate.cost_bytes_per_s)});
    }
    return chosen;
}

std::uint64_t Tyrant::cost_of(const PeerKey& key) const {
    const auto found = estimates_.find(key);
    return whole(found == estimates_.end() ? cost_start_bytes_per_s
                                           : found->second.cost_bytes_per_s);
}

}  // namespace spate::swarm
