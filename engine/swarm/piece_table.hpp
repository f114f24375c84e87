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
/// endgame, when nothing is missing any more), stored (verified and written), or doubtful: it was
/// stored, and its file isn't any more what it was, until a check settles what became of it. Cores
/// claim by compare-and-swap. Any thread. `Atomics` is what its words are made
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
    bool doubtful(PieceIndex piece) const { return load(piece) == doubtful_state; }
    /// Neither stored nor skipped nor in doubt: what another peer offers of it is of interest.
    bool wanted(PieceIndex piece) const { return !is_settled(load(piece)); }
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
    /// The core has verified and written it. False when another core was first. Its claim may be
    /// void meanwhile: another core stored the piece too, and then it was lost.
    bool store(PieceIndex piece);

    /// What a check found of a piece in doubt.
    enum class Verdict : std::uint8_t { stored, missing, skipped };
    /// stored -> doubtful. False when it wasn't stored.
    bool doubt(PieceIndex piece);
    /// doubtful -> what was found; skipped -> stored, too: it came back. False when it is neither.
    /// One thread at a time.
    bool settle(PieceIndex piece, Verdict verdict);

    /// The stored pieces, as a BITFIELD message carries them.
    Bitfield stored_pieces() const;

private:
    template <class T>
    using Atomic = typename Atomics::template Atomic<T>;
    using State = std::uint16_t;
    static constexpr State missing_state = 0;
    static constexpr State doubtful_state = 0xfffd;
    static constexpr State skipped_state = 0xfffe;
    static constexpr State stored_state = 0xffff;
    // Reserved: owner + 1 in the low seven bits, second owner + 1 in the next seven.
    static State owner_bits(CoreIndex core) { return static_cast<State>(core.value + 1); }
    static constexpr unsigned owner_shift = 7;
    static constexpr State owner_mask = 0x7f;
    static State first_owner(State state) { return state & owner_mask; }
    /// Nobody gets it, nor may.
    static bool is_settled(State state) { return state >= doubtful_state; }
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
unsigned BasicPieceTable<Atomics>::claim_count(PieceIndex piece) const {
    const State state = load(piece);
    if (is_settled(state)) return 0;
    return (first_owner(state) != 0 ? 1U : 0U) + (second_owner(state) != 0 ? 1U : 0U);
}

template <class Atomics>
bool BasicPieceTable<Atomics>::claimed_by(PieceIndex piece, CoreIndex core) const {
    const State state = load(piece);
    if (is_settled(state)) return false;
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
    if (seen == missing_state || is_settled(seen)) return false;
    if (first_owner(seen) == owner_bits(core) || second_owner(seen) != 0) return false;
    return states_[piece.value].compare_exchange_strong(
        seen, with_second(first_owner(seen), owner_bits(core)), std::memory_order_acq_rel);
}

template <class Atomics>
void BasicPieceTable<Atomics>::release(PieceIndex piece, CoreIndex core) {
    State seen = load(piece);
    while (true) {
        if (is_settled(seen)) return;
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
bool BasicPieceTable<Atomics>::store(PieceIndex piece) {
    const State before = states_[piece.value].exchange(stored_state, std::memory_order_acq_rel);
    if (before == stored_state) return false;
    if (before == missing_state) missing_.fetch_sub(1, std::memory_order_relaxed);
    if (before == skipped_state) skipped_.fetch_sub(1, std::memory_order_relaxed);
    stored_.fetch_add(1, std::memory_order_release);
    return true;
}

template <class Atomics>
bool BasicPieceTable<Atomics>::doubt(PieceIndex piece) {
    State expected = stored_state;
    if (!states_[piece.value].compare_exchange_strong(expected, doubtful_state,
                                                      std::memory_order_acq_rel))
        return false;
    stored_.fetch_sub(1, std::memory_order_release);
    return true;
}

template <class Atomics>
bool BasicPieceTable<Atomics>::settle(PieceIndex piece, Verdict verdict) {
    const bool good = verdict == Verdict::stored;
    State next = good ? stored_state : skipped_state;
    if (verdict == Verdict::missing) {
        if (!doubtful(piece)) return false;
        next = missing_state;
        // Counted before, so that whoever claims it at once doesn't count below zero.
        missing_.fetch_add(1, std::memory_order_relaxed);
    }
    State seen = doubtful_state;
    if (!states_[piece.value].compare_exchange_strong(seen, next, std::memory_order_acq_rel)) {
        if (verdict == Verdict::missing) missing_.fetch_sub(1, std::memory_order_relaxed);
        if (!good || seen != skipped_state ||
            !states_[piece.value].compare_exchange_strong(seen, next, std::memory_order_acq_rel))
            return false;
        skipped_.fetch_sub(1, std::memory_order_relaxed);
    }
    if (good) stored_.fetch_add(1, std::memory_order_release);
    if (verdict == Verdict::skipped) skipped_.fetch_add(1, std::memory_order_relaxed);
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
