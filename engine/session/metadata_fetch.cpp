#include "engine/session/metadata_fetch.hpp"

#include <algorithm>
#include <utility>

namespace spate::session {

MetadataFetch::Claim MetadataFetch::claim_of(const Peer& peer) const {
    Claim claim{peer.size_bytes, std::nullopt};
    if (std::ranges::find(failed_, peer.size_bytes, &Failed::size_bytes) != failed_.end())
        claim.sole = peer.source.connection;
    return claim;
}

std::size_t MetadataFetch::supporters(const Claim& claim) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        peers_, [&](const auto& entry) { return claim_of(entry.second) == claim; }));
}

std::size_t MetadataFetch::votes(std::uint32_t size_bytes) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        peers_, [&](const auto& entry) { return entry.second.size_bytes == size_bytes; }));
}

MetadataFetch::Place* MetadataFetch::find_place(const Claim& claim) {
    const auto found = std::ranges::find(places_, claim, &Place::claim);
    return found == places_.end() ? nullptr : &*found;
}

void MetadataFetch::line_up(const Claim& claim) {
    if (find_place(claim) == nullptr &&
        std::ranges::find(waiting_, claim, &Waiting::claim) == waiting_.end())
        waiting_.push_back({claim});
}

void MetadataFetch::on_peer(const Source& source, std::uint32_t size_bytes, Time now) {
    if (done() || size_bytes == 0 || size_bytes > wire::metadata_bytes_max) return;
    const auto known = peers_.find(source.connection);
    if (known != peers_.end() && known->second.size_bytes == size_bytes) return;
    on_left(source.connection);  // it says another size now
    const Peer& peer = peers_[source.connection] = {source, size_bytes, now, {}};
    line_up(claim_of(peer));
}

void MetadataFetch::on_left(ConnectionId id) {
    const auto found = peers_.find(id);
    if (found == peers_.end()) return;
    const Claim claim = claim_of(found->second);
    peers_.erase(found);
    if (Place* const place = find_place(claim)) place->collection.release(id);
    if (claim.sole) std::erase_if(places_, [&](const Place& p) { return p.claim == claim; });
    if (supporters(claim) > 0) return;
    std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.claim == claim; });
}

// --- Who has a place

bool MetadataFetch::fits(const Claim& claim) const {
    std::uint64_t said = claim.size_bytes;
    for (const Place& place : places_) said += place.claim.size_bytes;
    return places_.size() < collections_max && said <= said_bytes_max;
}

/// By turns what most peers say and what has waited longest: the first is true as a rule, and with
/// the second no crowd can keep a place from the truth.
std::deque<MetadataFetch::Waiting>::iterator MetadataFetch::choose_waiting() {
    auto chosen = waiting_.end();
    std::size_t most = 0;
    for (auto one = waiting_.begin(); one != waiting_.end(); ++one) {
        if (!fits(one->claim)) continue;
        if (!by_votes_) return one;
        const std::size_t count = votes(one->claim.size_bytes);
        if (count > most) chosen = one;
        most = std::max(most, count);
    }
    return chosen;
}

void MetadataFetch::end_turns(Time now) {
    for (auto place = places_.begin(); place != places_.end();) {
        const auto seconds_of_data =
            static_cast<std::int64_t>(place->collection.received_bytes() / turn_bytes_per_s);
        const Duration grace =
            turn * (1 << std::min(place->turns, turn_doublings_max)) + 1s * seconds_of_data;
        const bool deserted = supporters(place->claim) == 0;
        if (waiting_.empty() || (!deserted && now - place->started_at < grace)) {
            ++place;
            continue;
        }
        const Waiting last{place->claim, place->turns + 1};
        place = places_.erase(place);
        if (!deserted) waiting_.push_back(last);
        return;  // what waits first takes its place
    }
}

void MetadataFetch::give_places(Time now) {
    while (!waiting_.empty()) {
        const auto next = choose_waiting();
        if (next == waiting_.end()) return end_turns(now);
        places_.push_back(
            {next->claim, MetadataCollection(next->claim.size_bytes), now, next->turns});
        waiting_.erase(next);
        by_votes_ = !by_votes_;
    }
}

// --- Requests and answers

void MetadataFetch::give_up_if_silent(Peer& peer, Place& place, Time now) {
    const ConnectionId id = peer.source.connection;
    if (!peer.awaited) return;
    if (now - peer.heard_at < patience) {
        peer.awaited = place.collection.asked_count(id) > 0;
        return;
    }
    place.collection.release(id);
    peer.awaited = false;
    peer.paused_until = now + pause * (1 << std::min(peer.silences, pause_doublings_max));
    ++peer.silences;
}

std::optional<std::uint32_t> MetadataFetch::next_request(ConnectionId id, Time now) {
    const auto found = peers_.find(id);
    if (!collecting() || found == peers_.end()) return std::nullopt;
    give_places(now);
    Peer& peer = found->second;
    Place* const place = find_place(claim_of(peer));
    if (place == nullptr) {
        peer.awaited = false;
        return std::nullopt;
    }
    give_up_if_silent(peer, *place, now);
    const std::size_t asked = place->collection.asked_count(id);
    if (now < peer.paused_until || asked >= requests_per_peer_max) return std::nullopt;
    if (asked == 0) peer.heard_at = now;
    const auto part = place->collection.next_request(id, now);
    peer.awaited |= part.has_value();
    return part;
}

std::optional<std::vector<std::byte>> MetadataFetch::on_data(ConnectionId id, std::uint32_t part,
                                                             std::uint32_t total_size_bytes,
                                                             Bytes data, Time now) {
    const auto found = peers_.find(id);
    if (!collecting() || found == peers_.end()) return std::nullopt;
    Peer& peer = found->second;
    const Claim claim = claim_of(peer);
    Place* const place = find_place(claim);
    if (place == nullptr || total_size_bytes != claim.size_bytes ||
        !place->collection.on_data(peer.source, part, data))
        return std::nullopt;
    peer.heard_at = now;
    peer.silences = 0;
    if (!place->collection.complete()) return std::nullopt;
    MetadataCollection::Whole whole = place->collection.take(digest_key_);
    std::erase_if(places_, [&](const Place& p) { return p.claim == claim; });
    stage_ = Checking{claim.size_bytes, std::move(whole.parts)};
    return std::move(whole.bytes);
}

void MetadataFetch::on_reject(ConnectionId id, std::uint32_t part, Time now) {
    const auto found = peers_.find(id);
    if (!collecting() || found == peers_.end()) return;
    Place* const place = find_place(claim_of(found->second));
    if (place == nullptr || !place->collection.on_reject(id, part)) return;
    found->second.heard_at = now;
    found->second.paused_until = now + pause;
}

// --- Verdicts

std::vector<MetadataFetch::Source> MetadataFetch::on_checked(bool matches, Time now) {
    auto* const checking = std::get_if<Checking>(&stage_);
    if (checking == nullptr) return {};
    Checking whole = std::move(*checking);
    if (matches) {
        const std::vector<Source> liars = liars_by(whole);
        become_done();
        return liars;
    }
    stage_ = Collecting{};
    std::vector<Source> liars;
    if (whole.parts.sources.size() == 1) {
        liars = whole.parts.sources;
    } else {
        if (failed_.size() == failed_max) failed_.pop_front();
        failed_.push_back({whole.size_bytes, std::move(whole.parts)});
    }
    for (const auto& [id, peer] : peers_) line_up(claim_of(peer));
    give_places(now);
    return liars;
}

void MetadataFetch::become_done() {
    stage_ = Done{};
    peers_.clear();
    places_.clear();
    waiting_.clear();
    failed_.clear();
}

/// Whoever gave a part of a dictionary of another size has lied too.
std::vector<MetadataFetch::Source> MetadataFetch::liars_by(const Checking& truth) const {
    std::vector<Source> liars;
    for (const Failed& failed : failed_)
        for (std::size_t i = 0; i < failed.parts.blocks.size(); ++i) {
            const swarm::SmartBan::Block& block = failed.parts.blocks[i];
            if (failed.size_bytes == truth.size_bytes &&
                block.digest == truth.parts.blocks[i].digest)
                continue;
            const Source& liar = failed.parts.sources[block.source];
            if (std::ranges::find(liars, liar) == liars.end()) liars.push_back(liar);
        }
    return liars;
}

}  // namespace spate::session
