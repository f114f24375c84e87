#include "engine/swarm/peer_list.hpp"

#include <algorithm>

namespace spate::swarm {

void PeerList::add(const Endpoint& endpoint, bool named_by_user) {
    if (endpoint.port == 0 || endpoint.address.is_unspecified() ||
        endpoint.address.is_multicast() || banned(endpoint.address))
        return;
    const auto found = known_.find(endpoint);
    if (found != known_.end()) {
        found->second.named_by_user |= named_by_user;
        return;
    }
    if (known_.size() >= known_max && !make_room()) return;
    known_[endpoint].named_by_user = named_by_user;
}

void PeerList::ban(const IpAddress& address) {
    banned_.insert(address);
    std::erase_if(known_, [&](const auto& entry) { return entry.first.address == address; });
}

bool PeerList::make_room() {
    const auto worst = std::ranges::max_element(known_, {}, [](const auto& entry) {
        const Known& known = entry.second;
        return known.busy || known.named_by_user ? -1 : static_cast<int>(known.failures);
    });
    if (worst == known_.end() || worst->second.busy || worst->second.named_by_user ||
        worst->second.failures == 0)
        return false;
    known_.erase(worst);
    return true;
}

std::optional<Endpoint> PeerList::next_to_call(Prng& random, Time now) {
    // Fewest failures first; among equals at random, so that a swarm doesn't call one peer in step.
    const Endpoint* best = nullptr;
    Known* best_known = nullptr;
    std::uint64_t ties = 0;
    for (auto& [endpoint, known] : known_) {
        if (known.busy || known.call_at > now) continue;
        if (best_known != nullptr && known.failures > best_known->failures) continue;
        if (best_known != nullptr && known.failures == best_known->failures) {
            if (random.below(++ties) != 0) continue;
        } else {
            ties = 1;
        }
        best = &endpoint;
        best_known = &known;
    }
    if (best == nullptr) return std::nullopt;
    best_known->busy = true;
    return *best;
}

void PeerList::on_connected(const Endpoint& endpoint) {
    const auto found = known_.find(endpoint);
    if (found == known_.end()) return;
    found->second.busy = true;
}

std::vector<Endpoint> PeerList::addresses() const {
    std::vector<Endpoint> all;
    all.reserve(known_.size());
    for (const auto& [endpoint, known] : known_) all.push_back(endpoint);
    return all;
}

void PeerList::retry_later(Known& known, Prng& random, Time now) {
    known.busy = false;
    Duration delay = backoff_min;
    for (unsigned i = 0; i < known.failures && delay < backoff_max; ++i) delay *= 2;
    delay = std::min(delay, known.named_by_user ? 4 * backoff_min : backoff_max);
    known.call_at =
        now + delay / 2 + Duration(random.below(static_cast<std::uint64_t>(delay.count())));
}

void PeerList::on_failed(const Endpoint& endpoint, Prng& random, Time now) {
    const auto found = known_.find(endpoint);
    if (found == known_.end()) return;
    Known& known = found->second;
    if (++known.failures > failures_max && !known.named_by_user) {
        known_.erase(found);
        return;
    }
    retry_later(known, random, now);
}

void PeerList::on_disconnected(const Endpoint& endpoint, bool useful, Prng& random, Time now) {
    const auto found = known_.find(endpoint);
    if (found == known_.end()) return;
    if (!useful) return on_failed(endpoint, random, now);
    found->second.failures = 0;
    retry_later(found->second, random, now);
}

std::optional<Time> PeerList::next_timeout() const {
    std::optional<Time> next;
    for (const auto& [endpoint, known] : known_)
        if (!known.busy && (!next || known.call_at < *next)) next = known.call_at;
    return next;
}

}  // namespace spate::swarm
