#include "engine/swarm/deadlines.hpp"

#include <algorithm>
#include <utility>

namespace spate::swarm {
namespace {

/// A peer is among the soonest when it takes at most so many times as long as the best.
constexpr int soonest_factor = 2;
/// The best peers are looked for so often.
constexpr Duration ranking_validity = 100ms;

}  // namespace

void Deadlines::replace(std::span<const Due> dues, std::size_t in_order) {
    std::vector<Entry> before = std::move(entries_);
    std::ranges::sort(before, {}, &Entry::piece);
    for (const Entry& entry : before) urgent_.reset(entry.piece.value);
    entries_.clear();
    for (const auto& [due, piece] : dues.first(std::min(dues.size(), pieces_max))) {
        Entry entry{due, piece, entries_.size() < in_order, {}};
        const auto known = std::ranges::lower_bound(before, piece, {}, &Entry::piece);
        if (known != before.end() && known->piece == piece)
            entry.expected = std::move(known->expected);
        entries_.push_back(std::move(entry));
        urgent_.set(piece.value);
    }
}

Duration Deadlines::delay(std::uint64_t queued_bytes, std::uint64_t rate_bytes_per_s) {
    if (rate_bytes_per_s == 0) return newcomer_delay;
    const double seconds = static_cast<double>(queued_bytes + block_size_bytes) /
                           static_cast<double>(rate_bytes_per_s);
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

void Deadlines::note_speed(ConnectionId peer, Duration delay, Time now) {
    if (speeds_.size() >= peers_max && !speeds_.contains(peer)) {
        std::erase_if(speeds_,
                      [&](const auto& one) { return now - one.second.noted_at > speed_validity; });
        if (speeds_.size() >= peers_max) return;
    }
    speeds_[peer] = {delay, now};
    rank({peer, delay});
}

void Deadlines::rank(const Ranked& peer) {
    if (peer.peer == best_.peer) {
        best_.delay = std::min(best_.delay, peer.delay);
    } else if (peer.delay < best_.delay) {
        second_ = std::exchange(best_, peer);
    } else if (peer.delay < second_.delay) {
        second_ = peer;
    }
}

Duration Deadlines::soonest_but(ConnectionId peer, Time now) {
    if (now - ranked_at_ >= ranking_validity) {
        ranked_at_ = now;
        best_ = second_ = {};
        for (const auto& [id, speed] : speeds_)
            if (now - speed.noted_at <= speed_validity) rank({id, speed.delay});
    }
    return best_.peer == peer ? second_.delay : best_.delay;
}

bool Deadlines::leaves_to_sooner(const Entry& entry, ConnectionId peer, Time arrival, Time now) {
    if (arrival <= entry.due || entry.due - now <= margin) return false;
    return soonest_but(peer, now) < (arrival - now) / soonest_factor;
}

void Deadlines::note_asked(Entry& entry, std::uint32_t block, Time arrival) {
    if (entry.expected.size() <= block) entry.expected.resize(block + 1, Entry::unknown);
    entry.expected[block] = arrival;
    ++asks_;
}

bool Deadlines::wants_second(const Entry& entry, std::uint32_t block, Time arrival,
                             Time now) const {
    if (duplicates_ >= duplicates_spare + asks_ / asks_per_duplicate) return false;
    const Time expected = block < entry.expected.size() ? entry.expected[block] : Entry::unknown;
    const bool is_near = entry.due - now <= margin;
    if (expected == Entry::unknown) return is_near && arrival + gain_min <= now + margin;
    if (now <= expected) return (expected > entry.due || is_near) && arrival + gain_min <= expected;
    // Later than it should be: as much again, at least.
    const Time likely = now + (now - expected) + gain_min;
    return (likely > entry.due || is_near) && arrival + gain_min <= likely;
}

void Deadlines::note_second(Entry& entry, std::uint32_t block, Time arrival) {
    note_asked(entry, block, arrival);
    ++duplicates_;
}

}  // namespace spate::swarm
