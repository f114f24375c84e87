#include "engine/swarm/peer_list.hpp"

#include <algorithm>
#include <array>

#include "engine/swarm/peer_priority.hpp"

namespace spate::swarm {
namespace {

/// The address itself, or the first of its /64: what one host may choose from.
IpAddress network_of(const IpAddress& address) {
    if (address.is_v4()) return address;
    std::array<std::byte, 16> first{};
    std::ranges::copy(address.bytes().first(8), first.begin());
    return IpAddress(first);
}

}  // namespace

void PeerList::add(const Endpoint& endpoint, bool named_by_user) {
    if (endpoint.port == 0 || endpoint.address.is_unspecified() ||
        endpoint.address.is_multicast() || banned(endpoint.address) || uncalled_.contains(endpoint))
        return;
    const auto found = known_.find(endpoint);
    if (found != known_.end()) {
        if (!named_by_user || found->second.named_by_user) return;
        // Which may change its rank.
        unqueue(*found);
        found->second.named_by_user = true;
        if (!found->second.busy) waiting_.emplace(found->second.call_at, endpoint);
        return;
    }
    if (known_.size() >= known_max && !make_room()) return;
    Known& known = known_[endpoint];
    known.named_by_user = named_by_user;
    waiting_.emplace(known.call_at, endpoint);
}

unsigned PeerList::rank_of(const Entry& entry) {
    const bool privileged = entry.first.port < privileged_ports_end && !entry.second.named_by_user;
    return entry.second.failures + (privileged ? failures_max + 1 : 0);
}

void PeerList::unqueue(const Entry& entry) {
    waiting_.erase({entry.second.call_at, entry.first});
    ready_.erase({rank_of(entry), entry.second.ticket, entry.first});
}

void PeerList::forget(const Endpoint& endpoint) {
    const auto found = known_.find(endpoint);
    if (found == known_.end()) return;
    unqueue(*found);
    known_.erase(found);
}

bool PeerList::banned(const IpAddress& address) const {
    return !banned_.empty() && banned_.contains(network_of(address));
}

void PeerList::never_call(const Endpoint& endpoint) {
    forget(endpoint);
    if (uncalled_.size() == uncalled_max) uncalled_.erase(uncalled_.begin());
    uncalled_.insert(endpoint);
}

void PeerList::ban(const IpAddress& address) {
    if (banned_.size() == banned_max) banned_.erase(banned_.begin());
    banned_.insert(network_of(address));
    std::erase_if(known_, [&](const auto& entry) {
        if (!banned(entry.first.address)) return false;
        unqueue(entry);
        return true;
    });
}

bool PeerList::make_room() {
    const auto worst = std::ranges::max_element(known_, {}, [](const auto& entry) {
        const Known& known = entry.second;
        return known.busy || known.named_by_user ? -1 : static_cast<int>(known.failures);
    });
    if (worst == known_.end() || worst->second.busy || worst->second.named_by_user ||
        worst->second.failures == 0)
        return false;
    unqueue(*worst);
    known_.erase(worst);
    return true;
}

std::optional<Endpoint> PeerList::next_to_call(Prng& random, Time now) {
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
        const Endpoint endpoint = waiting_.begin()->second;
        waiting_.erase(waiting_.begin());
        Entry& entry = *known_.find(endpoint);
        // At random, so that a swarm doesn't call one peer in step.
        entry.second.ticket =
            own_ ? peer_priority(*own_, endpoint) : static_cast<std::uint32_t>(random() >> 32);
        ready_.insert({rank_of(entry), entry.second.ticket, endpoint});
    }
    if (ready_.empty()) return std::nullopt;
    const Endpoint best = ready_.begin()->endpoint;
    ready_.erase(ready_.begin());
    known_.at(best).busy = true;
    return best;
}

Duration PeerList::patience_with(const Endpoint& endpoint) const {
    const auto found = known_.find(endpoint);
    const bool first =
        found != known_.end() && found->second.failures == 0 && !found->second.named_by_user;
    return first ? patience_first : patience_later;
}

void PeerList::on_not_called(const Endpoint& endpoint, Prng& random, Time now) {
    const auto found = known_.find(endpoint);
    if (found == known_.end()) return;
    unqueue(*found);
    retry_later(*found, random, now);
}

void PeerList::on_connected(const Endpoint& endpoint) {
    const auto found = known_.find(endpoint);
    if (found == known_.end()) return;
    unqueue(*found);
    found->second.busy = true;
}

std::vector<Endpoint> PeerList::addresses() const {
    std::vector<Endpoint> all;
    all.reserve(known_.size());
    for (const auto& [endpoint, known] : known_) all.push_back(endpoint);
    return all;
}

void PeerList::retry_later(Entry& entry, Prng& random, Time now) {
    Known& known = entry.second;
    known.busy = false;
    Duration delay = backoff_min;
    for (unsigned i = 0; i < known.failures && delay < backoff_max; ++i) delay *= 2;
    delay = std::min(delay, known.named_by_user ? 4 * backoff_min : backoff_max);
    known.call_at =
        now + delay / 2 + Duration(random.below(static_cast<std::uint64_t>(delay.count())));
    waiting_.emplace(known.call_at, entry.first);
}

void PeerList::on_failed(const Endpoint& endpoint, Prng& random, Time now) {
    const auto found = known_.find(endpoint);
    if (found == known_.end()) return;
    unqueue(*found);
    Known& known = found->second;
    if (++known.failures > failures_max && !known.named_by_user) {
        known_.erase(found);
        return;
    }
    retry_later(*found, random, now);
}

void PeerList::on_disconnected(const Endpoint& endpoint, bool useful, Prng& random, Time now) {
    const auto found = known_.find(endpoint);
    if (found == known_.end()) return;
    if (!useful) return on_failed(endpoint, random, now);
    unqueue(*found);
    found->second.failures = 0;
    retry_later(*found, random, now);
}

std::optional<Time> PeerList::next_timeout() const {
    if (!ready_.empty()) return known_.at(ready_.begin()->endpoint).call_at;
    if (!waiting_.empty()) return waiting_.begin()->first;
    return std::nullopt;
}

}  // namespace spate::swarm
