#pragma once
// engine/swarm/piece_table.hpp: who is getting which piece, and which are stored; shared by all
// cores.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/base/assert.hpp"
#include "engine/base/bitfield.hpp"
#include "engine/base/ids.hpp"
#include "engine/swarm/atomics.hpp"

namespace spate::swarm {

/// One atomic state a piece: skipped (not wanted), missing, reserved by one core (by two in the
/// endgame, when nothing is missing any more), or stored (verified and written). Cores claim by
/// compare-and-swap. A stored piece stays stored. Any thread. `Atomics` is what its words are made
/// of: the tests step through every interleaving of their operations.
template <class Atomics>
class BasicPieceTable {
public:
    explicit BasicPieceTable(std::uint32_t piece_count)
        : size_(piece_count),
          states_(std::make_unique<Atomic<State>[]>(piece_count)),
          missing_(piece_count) {}

    std::uint32_t size() const { return size_; }
    /// Wanted pieces that nobody is getting; never too few. 0 while not complete() is the endgame.
    std::uint32_t missing_count() const { return missing_.load(std::memory_order_relaxed); }
    std::uint32_t stored_count() const { return stored_.load(std::memory_order_acquire); }
    std::uint32_t skipped_count() const { return skipped_.load(std::memory_order_relaxed); }
    bool complete() const { return stored_count() + skipped_count() >= size_; }

    bool missing(PieceIndex piece) const { return load(piece) == missing_state; }
    bool stored(PieceIndex piece) const { return load(piece) == stored_state; }
    /// Neither stored nor skipped: what another peer offers of it is of interest.
    bool wanted(PieceIndex piece) const;
    /// Cores that are getting the piece now: 0, 1 or 2.
    unsigned claim_count(PieceIndex piece) const;
    bool claimed_by(PieceIndex piece, CoreIndex core) const;

    /// Before the transfer starts: found on disk, or not wanted by the user.
    void set_stored(PieceIndex piece);
    void set_skipped(PieceIndex piece);

    /// missing -> reserved by `core`. False when it isn't missing any more.
    [[nodiscard]] bool claim(PieceIndex piece, CoreIndex core);
    /// reserved by another core -> reserved by both. Only in the endgame.
    [[nodiscard]] bool claim_again(PieceIndex piece, CoreIndex core);
    /// The core gives its claim up.
    void release(PieceIndex piece, CoreIndex core);
    /// The core has verified and written it. False when another core was first.
    bool store(PieceIndex piece, CoreIndex core);

    /// The stored pieces, as a BITFIELD message carries them.
    Bitfield stored_pieces() const;

private:
    template <class T>
    using Atomic = typename Atomics::template Atomic<T>;
    using State = std::uint16_t;
    static constexpr State missing_state = 0;
    static constexpr State skipped_state = 0xfffe;
    static constexpr State stored_state = 0xffff;
    // Reserved: owner + 1 in the low seven bits, second owner + 1 in the next seven.
    static State owner_bits(CoreIndex core) { return static_cast<State>(core.value + 1); }
    static constexpr unsigned owner_shift = 7;
    static constexpr State owner_mask = 0x7f;
    static State first_owner(State state) { return state & owner_mask; }
    static State second_owner(State state) {
        return static_cast<State>(state >> owner_shift) & owner_mask;
    }
    static State with_second(State first, State second) {
        return static_cast<State>(first | second << owner_shift);
    }

    State load(PieceIndex piece) const {
        return states_[piece.value].load(std::memory_order_acquire);
    }

    const std::uint32_t size_;
    std::unique_ptr<Atomic<State>[]> states_;
    alignas(64) Atomic<std::uint32_t> missing_;
    Atomic<std::uint32_t> stored_{0};
    Atomic<std::uint32_t> skipped_{0};
};

using PieceTable = BasicPieceTable<StdAtomics>;

/// More cores than this a torrent can't be shared by (seven bits an owner).
inline constexpr unsigned cores_max = 126;

template <class Atomics>
bool BasicPieceTable<Atomics>::wanted(PieceIndex piece) const {
    const State state = load(piece);
    return state != stored_state && state != skipped_state;
}

template <class Atomics>
unsigned BasicPieceTable<Atomics>::claim_count(PieceIndex piece) const {
    const State state = load(piece);
    if (state == stored_state || state == skipped_state) return 0;
    return (first_owner(state) != 0 ? 1U : 0U) + (second_owner(state) != 0 ? 1U : 0U);
}

template <class Atomics>
bool BasicPieceTable<Atomics>::claimed_by(PieceIndex piece, CoreIndex core) const {
    const State state = load(piece);
    if (state == stored_state || state == skipped_state) return false;
    return first_owner(state) == owner_bits(core) || second_owner(state) == owner_bits(core);
}

template <class Atomics>
void BasicPieceTable<Atomics>::set_stored(PieceIndex piece) {
    const State before = states_[piece.value].exchange(stored_state, std::memory_order_acq_rel);
    SPATE_ASSERT(before == missing_state || before == skipped_state);
    (before == missing_state ? missing_ : skipped_).fetch_sub(1, std::memory_order_relaxed);
    stored_.fetch_add(1, std::memory_order_release);
}

template <class Atomics>
void BasicPieceTable<Atomics>::set_skipped(PieceIndex piece) {
    State expected = missing_state;
    if (!states_[piece.value].compare_exchange_strong(expected, skipped_state)) return;
    missing_.fetch_sub(1, std::memory_order_relaxed);
    skipped_.fetch_add(1, std::memory_order_relaxed);
}

template <class Atomics>
bool BasicPieceTable<Atomics>::claim(PieceIndex piece, CoreIndex core) {
    SPATE_ASSERT(core.value < cores_max);
    State expected = missing_state;
    if (!states_[piece.value].compare_exchange_strong(expected, owner_bits(core),
                                                      std::memory_order_acq_rel))
        return false;
    missing_.fetch_sub(1, std::memory_order_relaxed);
    return true;
}

template <class Atomics>
bool BasicPieceTable<Atomics>::claim_again(PieceIndex piece, CoreIndex core) {
    State seen = load(piece);
    if (seen == missing_state || seen == stored_state || seen == skipped_state) return false;
    if (first_owner(seen) == owner_bits(core) || second_owner(seen) != 0) return false;
    return states_[piece.value].compare_exchange_strong(
        seen, with_second(first_owner(seen), owner_bits(core)), std::memory_order_acq_rel);
}

template <class Atomics>
void BasicPieceTable<Atomics>::release(PieceIndex piece, CoreIndex core) {
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

template <class Atomics>
bool BasicPieceTable<Atomics>::store(PieceIndex piece, CoreIndex core) {
    // In one look: another core may store it between two.
    const State seen = load(piece);
    SPATE_ASSERT(seen == stored_state || first_owner(seen) == owner_bits(core) ||
                 second_owner(seen) == owner_bits(core));
    if (states_[piece.value].exchange(stored_state, std::memory_order_acq_rel) == stored_state)
        return false;
    stored_.fetch_add(1, std::memory_order_release);
    return true;
}

template <class Atomics>
Bitfield BasicPieceTable<Atomics>::stored_pieces() const {
    Bitfield have(size_);
    for (std::uint32_t piece = 0; piece < size_; ++piece)
        if (stored(PieceIndex(piece))) have.set(piece);
    return have;
}

extern template class BasicPieceTable<StdAtomics>;

}  // namespace spate::swarm
