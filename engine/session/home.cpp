#include "engine/session/home.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"
#include "engine/swarm/peer_priority.hpp"

namespace spate::session {
namespace {

/// Who answers a call at all mostly does within this time.
constexpr Duration fresh_time = 1s;
/// Of a torrent for whose call a core had no room: there are many that call.
constexpr Duration no_room_pause = 5s;

}  // namespace

Home::Home(Options options, std::uint64_t hash_seed, Time first_choke_round)
    : options_(options),
      peers_(hash_seed),
      choker_(options.leech_strategy, options.seed_strategy),
      uplink_(options.uplink_bytes_per_s),
      next_choke_round_(first_choke_round) {}

Home::JoinVerdict Home::on_joined(const PeerJoined& joined, const PeerId& our_id, Time now) {
    if (joined.outgoing) {
        end_call(joined.remote);
        peers_.on_connected(joined.remote);
    }
    JoinVerdict verdict;
    const std::uint32_t priority =
        peers_.own() ? swarm::peer_priority(*peers_.own(), joined.remote) : 0;
    bool staying = true;
    const Identity identity = identity_of(joined.remote, joined.peer_id);
    const auto twin = by_identity_.find(identity);
    if (is_banned(identity)) {
        verdict = {joined.peer, DropReason::banned};
    } else if (twin != by_identity_.end()) {
        // Both called each other at once: both ends must keep the same one of the two, the one that
        // the peer with the greater id opened.
        const bool keep_ours = our_id > joined.peer_id;
        const bool newer_wins =
            joined_.at(twin->second).outgoing != joined.outgoing && joined.outgoing == keep_ours;
        verdict = {newer_wins ? twin->second : joined.peer, DropReason::duplicate_peer};
    } else if (joined_.size() >= options_.peers_max) {
        const auto place = make_room(priority);
        verdict = {place.value_or(joined.peer), DropReason::too_many_peers};
        staying = place.has_value();
    }
    by_identity_.emplace(identity, joined.peer);
    Joined& entry = joined_[joined.peer];
    entry.candidate = {.key = joined.peer, .joined_at = now, .choke_changed_at = now};
    entry.identity = identity;
    entry.outgoing = joined.outgoing;
    entry.priority = priority;
    entry.leaving = !staying || verdict.drop == joined.peer;
    enlist(entry);
    return verdict;
}

void Home::on_left(const PeerLeft& left, Prng& random, Time now,
                   std::vector<ChokeChange>& changes) {
    const auto found = joined_.find(left.peer);
    if (left.ban && found != joined_.end()) ban(found->second.identity);
    if (found != joined_.end()) forget(found);
    fill_free_slots(now, changes);
    if (left.forget || left.ban) {
        peers_.forget(left.remote);
    } else {
        peers_.on_disconnected(left.remote, left.useful, random, now);
    }
}

void Home::forget(std::map<swarm::PeerKey, Joined>::iterator joined) {
    delist(joined->second);
    const auto [first, last] = by_identity_.equal_range(joined->second.identity);
    by_identity_.erase(
        std::find_if(first, last, [&](const auto& one) { return one.second == joined->first; }));
    joined_.erase(joined);
}

void Home::on_convicted(const PeerConvicted& convicted) {
    ban(identity_of(convicted.remote, convicted.peer_id));
}

Home::Identity Home::identity_of(const Endpoint& remote, const PeerId& id) {
    return {{remote.address, remote.address.is_loopback() ? remote.port : std::uint16_t{0}}, id};
}

bool Home::is_banned(const Identity& identity) const {
    return peers_.banned(identity.from.address) || banned_here_.contains(identity);
}

void Home::ban(const Identity& identity) {
    // Loopback is the address of every peer of this machine.
    if (!identity.from.address.is_loopback()) return peers_.ban(identity.from.address);
    if (banned_here_.size() == banned_here_max) banned_here_.erase(banned_here_.begin());
    banned_here_.insert(identity);
    peers_.never_call(identity.from);
}

void Home::on_call_failed(const CallFailed& failed, Prng& random, Time now) {
    end_call(failed.remote);
    if (!failed.called) {
        no_calls_before_ = now + no_room_pause;
        peers_.on_not_called(failed.remote, random, now);
    } else if (failed.forget) {
        peers_.never_call(failed.remote);
    } else {
        peers_.on_failed(failed.remote, random, now);
    }
}

void Home::on_rates(const PeerRates& rates) {
    for (const PeerRates::Entry& entry : rates.entries) {
        const auto found = joined_.find(entry.peer);
        if (found == joined_.end()) continue;
        change(found->second, [&](swarm::ChokeCandidate& peer) {
            peer.rate_bytes_per_s = entry.rate_bytes_per_s;
            peer.snubbed = entry.snubbed;
            peer.unchokes_us = entry.unchokes_us;
            peer.given_bytes_per_s = entry.given_bytes_per_s;
            peer.announced_bytes_per_s = entry.announced_bytes_per_s;
            peer.have_share = entry.have_share;
        });
    }
}

bool Home::is_idle(const Joined& joined) {
    const swarm::ChokeCandidate& peer = joined.candidate;
    return !joined.leaving && !peer.unchoked && peer.rate_bytes_per_s == 0 &&
           peer.given_bytes_per_s == 0;
}

/// The idle peer of the lowest priority, if it is lower than this one.
std::optional<swarm::PeerKey> Home::make_room(std::uint32_t priority) {
    if (idle_.empty() || idle_.begin()->first >= priority) return std::nullopt;
    const swarm::PeerKey key = idle_.begin()->second;
    Joined& joined = joined_.at(key);
    delist(joined);
    joined.leaving = true;
    enlist(joined);
    return key;
}

void Home::on_own_address(const OwnAddressSeen& seen) {
    if (own_address_said_ && own_address_said_->own == seen.own &&
        own_address_said_->told_by != seen.told_by)
        peers_.set_own(seen.own);
    own_address_said_ = seen;
}

void Home::enlist(const Joined& joined) {
    const swarm::ChokeCandidate& peer = joined.candidate;
    if (is_idle(joined)) idle_.emplace(joined.priority, peer.key);
    if (peer.unchoked) ++unchoked_count_;
    if (peer.interested && !peer.unchoked)
        waiting_.insert({peer.rate_bytes_per_s, peer.choke_changed_at, peer.key});
}

void Home::delist(const Joined& joined) {
    const swarm::ChokeCandidate& peer = joined.candidate;
    idle_.erase({joined.priority, peer.key});
    if (peer.unchoked) --unchoked_count_;
    if (peer.interested && !peer.unchoked)
        waiting_.erase({peer.rate_bytes_per_s, peer.choke_changed_at, peer.key});
}

std::uint32_t Home::slots() const {
    if (options_.upload_slots != swarm::Choker::slots_auto) return options_.upload_slots;
    // The tyrant spends the uplink, however many that are.
    if (choker_.spends_by_itself(seeding_)) return swarm::Choker::slots_unlimited;
    return swarm::slots_for_uplink(uplink_.bytes_per_s());
}

void Home::choke(Joined& joined, Time now, std::vector<ChokeChange>& changes) {
    if (!joined.candidate.unchoked) return;
    joined.rate_max_bytes_per_s = 0;
    change(joined, [&](swarm::ChokeCandidate& peer) {
        peer.unchoked = false;
        peer.choke_changed_at = now;
    });
    changes.push_back({joined.candidate.key, true, 0});
}

void Home::unchoke(Joined& joined, std::uint64_t rate_max_bytes_per_s, Time now,
                   std::vector<ChokeChange>& changes) {
    if (joined.candidate.unchoked && joined.rate_max_bytes_per_s == rate_max_bytes_per_s) return;
    joined.rate_max_bytes_per_s = rate_max_bytes_per_s;
    if (!joined.candidate.unchoked)
        change(joined, [&](swarm::ChokeCandidate& peer) {
            peer.unchoked = true;
            peer.choke_changed_at = now;
        });
    changes.push_back({joined.candidate.key, false, rate_max_bytes_per_s});
}

void Home::on_interest(const PeerInterest& interest, Time now, std::vector<ChokeChange>& changes) {
    const auto found = joined_.find(interest.peer);
    if (found == joined_.end()) return;
    change(found->second,
           [&](swarm::ChokeCandidate& peer) { peer.interested = interest.interested; });
    if (!interest.interested) choke(found->second, now, changes);
    fill_free_slots(now, changes);
}

void Home::fill_free_slots(Time now, std::vector<ChokeChange>& changes) {
    // The tyrant gives so many between its rounds.
    const std::uint32_t between_rounds =
        choker_.spends_by_itself(seeding_) ? swarm::Choker::slots_default : slots();
    const std::uint64_t unchoked_max = swarm::Choker::unchoked_max(between_rounds);
    while (unchoked_count_ < unchoked_max && !waiting_.empty()) {
        Joined& next = joined_.at(waiting_.begin()->key);
        unchoke(next, choker_.rate_max_bytes_per_s(next.candidate.key, seeding_), now, changes);
    }
}

void Home::observe_uplink() {
    std::uint64_t given = 0;
    std::uint64_t allotted = 0;
    for (const auto& [key, joined] : joined_) {
        given += joined.candidate.given_bytes_per_s;
        if (joined.candidate.unchoked) allotted += joined.rate_max_bytes_per_s;
    }
    uplink_.observe(given, allotted);
}

void Home::rechoke(Prng& random, Time now, std::vector<ChokeChange>& changes) {
    observe_uplink();
    std::vector<swarm::ChokeCandidate> candidates;
    candidates.reserve(joined_.size());
    for (const auto& [key, joined] : joined_) candidates.push_back(joined.candidate);
    auto chosen = choker_.choose({.peers = candidates,
                                  .slots = slots(),
                                  .uplink_bytes_per_s = uplink_.bytes_per_s(),
                                  .random = random,
                                  .now = now},
                                 seeding_);
    std::ranges::sort(chosen);
    auto next = chosen.begin();
    // Chokes first, so that there never are more unchoked than slots.
    std::vector<std::pair<Joined*, std::uint64_t>> served;
    for (auto& [key, joined] : joined_) {
        if (next != chosen.end() && next->key == key) {
            served.emplace_back(&joined, next->rate_max_bytes_per_s);
            ++next;
        } else {
            choke(joined, now, changes);
        }
    }
    for (const auto& [joined, rate_max] : served) unchoke(*joined, rate_max, now, changes);
}

void Home::rechoke_if_due(bool seeding, Prng& random, Time now, std::vector<ChokeChange>& changes) {
    seeding_ = seeding;
    if (now < next_choke_round_) return;
    next_choke_round_ = now + swarm::Choker::round;
    rechoke(random, now, changes);
}

bool Home::wants_calls() const {
    return calls_ < options_.calls_max && joined_.size() + calls_ < options_.peers_max;
}

void Home::end_call(const Endpoint& remote) {
    // Each call ends once, as PeerJoined or CallFailed, and neither is ever thrown away.
    SPATE_ASSERT(calls_ > 0);
    --calls_;
    fresh_calls_.erase_if([&](const auto& call) { return call.second == remote; });
}

void Home::let_calls_age(Time now) {
    while (!fresh_calls_.empty() && fresh_calls_.front().first + fresh_time <= now)
        fresh_calls_.pop_front();
}

std::optional<Home::Call> Home::next_call(Prng& random, Time now) {
    let_calls_age(now);
    if (!wants_calls() || now < no_calls_before_ || fresh_calls_.size() >= options_.fresh_calls_max)
        return std::nullopt;
    const auto endpoint = peers_.next_to_call(random, now);
    if (!endpoint) return std::nullopt;
    ++calls_;
    fresh_calls_.push_back({now, *endpoint});
    return Call{*endpoint, peers_.patience_with(*endpoint)};
}

std::optional<Time> Home::next_timeout() const {
    std::optional<Time> next;
    const auto earlier = [&](Time time) { next = next ? std::min(*next, time) : time; };
    if (!joined_.empty()) earlier(next_choke_round_);
    if (!wants_calls()) return next;
    if (const auto call = peers_.next_timeout()) {
        const bool room = fresh_calls_.size() < options_.fresh_calls_max;
        const Time not_before = room ? *call : fresh_calls_.front().first + fresh_time;
        earlier(std::max({*call, not_before, no_calls_before_}));
    }
    return next;
}

}  // namespace spate::session
