#include "engine/session/home.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"

namespace spate::session {

Home::Home(tracker::TrackerTiers tiers, Options options, std::uint64_t hash_seed, Time now)
    : options_(options),
      peers_(hash_seed),
      tiers_(std::move(tiers)),
      next_choke_round_(now + swarm::Choker::round) {}

Home::JoinVerdict Home::on_joined(const PeerJoined& joined, const PeerId& our_id, Time now) {
    if (joined.outgoing) {
        SPATE_ASSERT(calls_ > 0);
        --calls_;
        peers_.on_connected(joined.remote);
    }
    JoinVerdict verdict;
    const auto same_id = by_peer_id_.find(joined.peer_id);
    const auto twin = same_id == by_peer_id_.end() ? joined_.end() : joined_.find(same_id->second);
    if (peers_.banned(joined.remote.address) || banned_ids_.contains(joined.peer_id)) {
        verdict = {joined.peer, DropReason::banned};
    } else if (twin != joined_.end()) {
        // Both called each other at once: both ends must keep the same one of the two, the one that
        // the peer with the greater id opened.
        const bool keep_ours = our_id > joined.peer_id;
        const bool newer_wins =
            twin->second.outgoing != joined.outgoing && joined.outgoing == keep_ours;
        verdict = {newer_wins ? twin->first : joined.peer, DropReason::duplicate_peer};
    } else if (joined_.size() >= options_.peers_max) {
        verdict = {joined.peer, DropReason::too_many_peers};
    }
    Joined& entry = joined_[joined.peer];
    entry.candidate = {.key = joined.peer, .joined_at = now, .choke_changed_at = now};
    entry.peer_id = joined.peer_id;
    entry.outgoing = joined.outgoing;
    by_peer_id_.emplace(joined.peer_id, joined.peer);
    return verdict;
}

void Home::on_left(const PeerLeft& left, Prng& random, Time now,
                   std::vector<ChokeChange>& changes) {
    const auto found = joined_.find(left.peer);
    if (left.ban && found != joined_.end()) ban(left.remote, found->second.peer_id);
    if (found != joined_.end()) {
        count(found->second, -1);
        const auto [first, last] = by_peer_id_.equal_range(found->second.peer_id);
        by_peer_id_.erase(std::find_if(
            first, last, [&](const auto& entry) { return entry.second == left.peer; }));
        joined_.erase(found);
    }
    fill_free_slots(now, changes);
    if (left.forget || left.ban) {
        peers_.forget(left.remote);
    } else {
        peers_.on_disconnected(left.remote, left.useful, random, now);
    }
}

void Home::ban(const Endpoint& remote, const PeerId& id) {
    if (banned_ids_.size() < banned_ids_max) banned_ids_.insert(id);
    // Loopback is the address of every peer of this machine.
    if (!remote.address.is_loopback()) peers_.ban(remote.address);
}

void Home::on_call_failed(const CallFailed& failed, Prng& random, Time now) {
    SPATE_ASSERT(calls_ > 0);
    --calls_;
    if (failed.forget) {
        peers_.forget(failed.remote);
    } else {
        peers_.on_failed(failed.remote, random, now);
    }
}

void Home::on_rates(const PeerRates& rates) {
    for (const PeerRates::Entry& entry : rates.entries) {
        const auto found = joined_.find(entry.peer);
        if (found == joined_.end()) continue;
        found->second.candidate.rate_bytes_per_s = entry.rate_bytes_per_s;
        found->second.candidate.snubbed = entry.snubbed;
    }
}

void Home::count(const Joined& joined, int change) {
    const auto add = [&](bool applies, std::size_t& total) {
        if (applies) total += static_cast<std::size_t>(change);
    };
    add(joined.candidate.unchoked, unchoked_);
    add(is_waiting(joined), waiting_);
}

void Home::set_choke(Joined& joined, bool choke, Time now, std::vector<ChokeChange>& changes) {
    if (joined.candidate.unchoked == !choke) return;
    count(joined, -1);
    joined.candidate.unchoked = !choke;
    count(joined, 1);
    joined.candidate.choke_changed_at = now;
    changes.push_back({joined.candidate.key, choke});
}

void Home::on_interest(const PeerInterest& interest, Time now, std::vector<ChokeChange>& changes) {
    const auto found = joined_.find(interest.peer);
    if (found == joined_.end()) return;
    count(found->second, -1);
    found->second.candidate.interested = interest.interested;
    count(found->second, 1);
    if (waiting_ == 1 && is_waiting(found->second) && unchoked_ < slots())
        return set_choke(found->second, false, now, changes);
    if (!interest.interested) set_choke(found->second, true, now, changes);
    fill_free_slots(now, changes);
}

void Home::fill_free_slots(Time now, std::vector<ChokeChange>& changes) {
    while (unchoked_ < slots() && waiting_ > 0) {
        Joined* next = nullptr;  // who gives most, then who has waited longest
        for (auto& [key, joined] : joined_) {
            const swarm::ChokeCandidate& peer = joined.candidate;
            if (!is_waiting(joined)) continue;
            if (next == nullptr || peer.rate_bytes_per_s > next->candidate.rate_bytes_per_s ||
                (peer.rate_bytes_per_s == next->candidate.rate_bytes_per_s &&
                 peer.choke_changed_at < next->candidate.choke_changed_at))
                next = &joined;
        }
        set_choke(*next, false, now, changes);
    }
}

void Home::rechoke(bool seeding, Prng& random, Time now, std::vector<ChokeChange>& changes) {
    std::vector<swarm::ChokeCandidate> candidates;
    candidates.reserve(joined_.size());
    for (const auto& [key, joined] : joined_) candidates.push_back(joined.candidate);
    auto chosen = choker_.choose(candidates, options_.upload_slots, seeding, random, now);
    std::ranges::sort(chosen);
    for (auto& [key, joined] : joined_)
        set_choke(joined, !std::ranges::binary_search(chosen, key), now, changes);
}

void Home::rechoke_if_due(bool seeding, Prng& random, Time now, std::vector<ChokeChange>& changes) {
    if (now < next_choke_round_) return;
    next_choke_round_ = now + swarm::Choker::round;
    rechoke(seeding, random, now, changes);
}

bool Home::wants_calls() const {
    return calls_ < options_.calls_max && joined_.size() + calls_ < options_.peers_max;
}

std::optional<Endpoint> Home::next_call(Prng& random, Time now) {
    if (!wants_calls()) return std::nullopt;
    const auto endpoint = peers_.next_to_call(random, now);
    if (endpoint) ++calls_;
    return endpoint;
}

std::optional<Time> Home::next_timeout() const {
    std::optional<Time> next = tiers_.next_timeout();
    const auto earlier = [&](Time time) { next = next ? std::min(*next, time) : time; };
    if (!joined_.empty()) earlier(next_choke_round_);
    if (wants_calls())
        if (const auto call = peers_.next_timeout()) earlier(*call);
    return next;
}

}  // namespace spate::session
