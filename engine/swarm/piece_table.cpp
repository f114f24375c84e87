#include "engine/swarm/piece_table.hpp"

#include "engine/base/assert.hpp"

namespace spate::swarm {
namespace {

constexpr unsigned owner_shift = 7;
constexpr std::uint16_t owner_mask = 0x7f;

constexpr std::uint16_t first_owner(std::uint16_t state) {
    return state & owner_mask;
}
constexpr std::uint16_t second_owner(std::uint16_t state) {
    return static_cast<std::uint16_t>(state >> owner_shift) & owner_mask;
}
constexpr std::uint16_t with_second(std::uint16_t first, std::uint16_t second) {
    return static_cast<std::uint16_t>(first | second << owner_shift);
}

}  // namespace

PieceTable::PieceTable(std::uint32_t piece_count)
    : size_(piece_count),
      states_(std::make_unique<std::atomic<State>[]>(piece_count)),
      missing_(piece_count) {}

bool PieceTable::wanted(PieceIndex piece) const {
    const State state = load(piece);
    return state != stored_state && state != skipped_state;
}

unsigned PieceTable::claim_count(PieceIndex piece) const {
    const State state = load(piece);
    if (state == stored_state || state == skipped_state) return 0;
    return (first_owner(state) != 0 ? 1U : 0U) + (second_owner(state) != 0 ? 1U : 0U);
}

bool PieceTable::claimed_by(PieceIndex piece, CoreIndex core) const {
    const State state = load(piece);
    if (state == stored_state || state == skipped_state) return false;
    return first_owner(state) == owner_bits(core) || second_owner(state) == owner_bits(core);
}

void PieceTable::set_stored(PieceIndex piece) {
    const State before = states_[piece.value].exchange(stored_state, std::memory_order_acq_rel);
    SPATE_ASSERT(before == missing_state || before == skipped_state);
    (before == missing_state ? missing_ : skipped_).fetch_sub(1, std::memory_order_relaxed);
    stored_.fetch_add(1, std::memory_order_release);
}

void PieceTable::set_skipped(PieceIndex piece) {
    State expected = missing_state;
    if (!states_[piece.value].compare_exchange_strong(expected, skipped_state)) return;
    missing_.fetch_sub(1, std::memory_order_relaxed);
    skipped_.fetch_add(1, std::memory_order_relaxed);
}

bool PieceTable::claim(PieceIndex piece, CoreIndex core) {
    SPATE_ASSERT(core.value < cores_max);
    State expected = missing_state;
    if (!states_[piece.value].compare_exchange_strong(expected, owner_bits(core),
                                                      std::memory_order_acq_rel))
        return false;
    missing_.fetch_sub(1, std::memory_order_relaxed);
    return true;
}

bool PieceTable::claim_again(PieceIndex piece, CoreIndex core) {
    State seen = load(piece);
    if (seen == missing_state || seen == stored_state || seen == skipped_state) return false;
    if (first_owner(seen) == owner_bits(core) || second_owner(seen) != 0) return false;
    return states_[piece.value].compare_exchange_strong(
        seen, with_second(first_owner(seen), owner_bits(core)), std::memory_order_acq_rel);
}

void PieceTable::release(PieceIndex piece, CoreIndex core) {
    State seen = load(piece);
    while (true) {
        if (seen == stored_state || seen == skipped_state) return;
        State next = seen;
        if (first_owner(seen) == owner_bits(core)) {
            next = second_owner(seen);
        } else if (second_owner(seen) == owner_bits(core)) {
            next = first_owner(seen);
        } else {
            return;
        }
        // Counted before, so that whoever claims it at once doesn't count below zero.
        if (next == missing_state) missing_.fetch_add(1, std::memory_order_relaxed);
        if (states_[piece.value].compare_exchange_weak(seen, next, std::memory_order_acq_rel))
            return;
        if (next == missing_state) missing_.fetch_sub(1, std::memory_order_relaxed);
    }
}

bool PieceTable::store(PieceIndex piece, CoreIndex core) {
    // In one look: another core may store it between two.
    const State seen = load(piece);
    SPATE_ASSERT(seen == stored_state || first_owner(seen) == owner_bits(core) ||
                 second_owner(seen) == owner_bits(core));
    if (states_[piece.value].exchange(stored_state, std::memory_order_acq_rel) == stored_state)
        return false;
    stored_.fetch_add(1, std::memory_order_release);
    return true;
}

Bitfield PieceTable::stored_pieces() const {
    Bitfield have(size_);
    for (std::uint32_t piece = 0; piece < size_; ++piece)
        if (stored(PieceIndex(piece))) have.set(piece);
    return have;
}

}  // namespace spate::swarm
