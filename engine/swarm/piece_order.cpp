#include "engine/swarm/piece_order.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/swarm/prefetch.hpp"

namespace spate::swarm {
namespace {

/// Of rarities; counts below exact_counts are told apart, greater ones in steps of coarse_step.
constexpr std::uint32_t rarity_keys = 1'024;
constexpr std::uint32_t exact_counts = 512;
constexpr std::uint32_t coarse_step = 128;
constexpr std::uint32_t priority_classes = 3;
constexpr std::uint32_t no_key = priority_classes * rarity_keys;  // not missing
/// Of a list in the making, unless it is due: a call in a few makes them, and the others none.
constexpr std::uint32_t steps_min = 16;
/// What so many steps will touch is on its way from memory when those before are done.
constexpr std::uint32_t steps_ahead = 2 * steps_min;

constexpr std::uint32_t rarity_key(std::uint32_t count) {
    if (count < exact_counts) return count;
    return std::min(exact_counts + (count - exact_counts) / coarse_step, rarity_keys - 1);
}

}  // namespace

void PieceOrder::set_mode(PieceMode mode) {
    if (mode == mode_) return;
    mode_ = mode;
    permutation_.clear();
    generation_ = 0;
}

void PieceOrder::set_priority(PieceIndex piece, PiecePriority priority, std::uint32_t piece_count) {
    if (priorities_.empty()) priorities_.resize(piece_count, PiecePriority::normal);
    priorities_[piece.value] = priority;
    generation_ = 0;
}

std::uint32_t PieceOrder::key_of(PieceIndex piece, const Availability& availability,
                                 bool random_order) const {
    const std::uint32_t rarity = random_order ? 0 : rarity_key(availability.count(piece));
    const auto priority = static_cast<std::uint32_t>(
        priorities_.empty() ? PiecePriority::normal : priorities_[piece.value]);
    return priority * rarity_keys + rarity;
}

void PieceOrder::begin(const PieceTable& pieces, Prng& random, Time now) {
    const std::uint32_t count = pieces.size();
    if (permutation_.size() != count) {
        permutation_.resize(count);
        std::iota(permutation_.begin(), permutation_.end(), 0U);
        if (mode_ != PieceMode::in_order) random.shuffle(std::span(permutation_));
    }
    build_.begun_at = now;
    build_.done = 0;
    build_.rotation =
        mode_ == PieceMode::in_order ? 0 : static_cast<std::uint32_t>(random.below(count));
    build_.list.order.resize(count);
    build_.list.positions.resize(count);
    build_.starts.assign(no_key + 2, 0);
}

// Which pieces are missing is as random as the order: neither step has a branch that depends on it.

void PieceOrder::count(std::uint32_t piece, const PieceTable& pieces,
                       const Availability& availability, bool random_order) {
    const PieceIndex index(piece);
    const std::uint32_t key = key_of(index, availability, random_order);
    const std::uint32_t placed_by = pieces.missing(index) ? key : no_key;
    build_.list.positions[piece] = placed_by;
    ++build_.starts[placed_by + 1];
}

void PieceOrder::sum_up() {
    std::partial_sum(build_.starts.begin(), build_.starts.end(), build_.starts.begin());
    build_.list.size = build_.starts[no_key];
}

/// The piece of that step, in the random order of equals.
std::uint32_t PieceOrder::placed_at(std::uint32_t step) const {
    const auto count = static_cast<std::uint32_t>(permutation_.size());
    const std::uint32_t at = step + build_.rotation;
    return permutation_[at < count ? at : at - count];
}

void PieceOrder::place(std::uint32_t step) {
    const std::uint32_t piece = placed_at(step);
    std::uint32_t& position = build_.list.positions[piece];
    position = build_.starts[position]++;
    build_.list.order[position] = piece;
}

void PieceOrder::advance(std::uint32_t steps, const PieceTable& pieces,
                         const Availability& availability) {
    const std::uint32_t pieces_count = pieces.size();
    const bool random_order =
        mode_ != PieceMode::rarest_first || pieces.stored_count() < random_first_pieces;
    const std::uint32_t end = std::min(build_.done + steps, 2 * pieces_count);
    for (; build_.done < std::min(end, pieces_count); ++build_.done)
        count(build_.done, pieces, availability, random_order);
    if (build_.done == end) return;
    if (build_.done == pieces_count) sum_up();
    for (; build_.done < end; ++build_.done) place(build_.done - pieces_count);
    const std::uint32_t ahead = std::min(end + steps_ahead, 2 * pieces_count);
    for (std::uint32_t step = end; step < ahead; ++step)
        __builtin_prefetch(&build_.list.positions[placed_at(step - pieces_count)], 1);
}

void PieceOrder::publish() {
    std::swap(list_, build_.list);
    head_ = 0;
    ++generation_;
}

void PieceOrder::renew(const PieceTable& pieces, const Availability& availability, Prng& random,
                       Time now) {
    const std::uint32_t steps = 2 * pieces.size();
    const bool first = generation_ == 0;
    if (first) begin(pieces, random, now);
    const Duration passed = now - build_.begun_at;
    std::uint64_t due = steps;
    if (!first && passed < renewal)
        due = static_cast<std::uint64_t>(passed.count()) * steps /
              static_cast<std::uint64_t>(renewal.count());
    if (due < std::min(build_.done + steps_min, steps) || due <= build_.done) return;
    advance(static_cast<std::uint32_t>(due) - build_.done, pieces, availability);
    if (build_.done < steps) return;
    // The list was begun long ago, and nobody has asked since.
    if (passed > staleness && build_.begun_at != now) {
        begin(pieces, random, now);
        advance(steps, pieces, availability);
    }
    publish();
    begin(pieces, random, now);
}

void PieceOrder::prefetch(const Bitfield& peer_has, const Cursor& cursor, std::size_t count) const {
    const std::size_t at =
        std::max<std::size_t>(cursor.generation == generation_ ? cursor.position : 0, head_);
    const std::size_t end = std::min<std::size_t>(at + count, list_.size);
    for (std::size_t i = at; i < end; ++i) peer_has.prefetch(list_.order[i]);
}

std::optional<PieceIndex> PieceOrder::first_missing(const Bitfield& peer_has, Cursor& cursor,
                                                    const PieceTable& pieces,
                                                    const Availability& availability, Prng& random,
                                                    Time now) {
    if (pieces.missing_count() == 0) return std::nullopt;
    renew(pieces, availability, random, now);
    if (cursor.generation != generation_) cursor = {generation_, 0};
    const std::span<const std::uint32_t> order(list_.order.data(), list_.size);
    while (head_ < order.size() && !pieces.missing(PieceIndex(order[head_]))) ++head_;
    std::size_t at = std::max<std::size_t>(cursor.position, head_);
    BitPrefetcher bits(peer_has, at, order.size());
    for (; at < order.size(); ++at) {
        bits.before(at, [order](std::size_t next) { return order[next]; });
        if (peer_has.test(order[at]) && pieces.missing(PieceIndex(order[at]))) break;
    }
    cursor.position = static_cast<std::uint32_t>(at);
    if (at == order.size()) return std::nullopt;
    return PieceIndex(order[at]);
}

void PieceOrder::rewind(Cursor& cursor, PieceIndex piece) const {
    if (cursor.generation != generation_ || piece.value >= list_.positions.size()) return;
    cursor.position = std::min(cursor.position, list_.positions[piece.value]);
}

}  // namespace spate::swarm
