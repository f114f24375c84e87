#pragma once
// engine/swarm/piece_table.hpp: who is getting which piece, and which are stored; shared by all
// cores.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/base/bitfield.hpp"
#include "engine/base/ids.hpp"

namespace spate::swarm {

/// One atomic state a piece: skipped (not wanted), missing, reserved by one core (by two in the
/// endgame, when nothing is missing any more), or stored (verified and written). Cores claim by
/// compare-and-swap. A stored piece stays stored. Any thread.
class PieceTable {
public:
    explicit PieceTable(std::uint32_t piece_count);

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
    using State = std::uint16_t;
    static constexpr State missing_state = 0;
    static constexpr State skipped_state = 0xfffe;
    static constexpr State stored_state = 0xffff;
    // Reserved: owner + 1 in the low seven bits, second owner + 1 in the next seven.
    static State owner_bits(CoreIndex core) { return static_cast<State>(core.value + 1); }

    State load(PieceIndex piece) const {
        return states_[piece.value].load(std::memory_order_acquire);
    }

    const std::uint32_t size_;
    std::unique_ptr<std::atomic<State>[]> states_;
    alignas(64) std::atomic<std::uint32_t> missing_;
    std::atomic<std::uint32_t> stored_{0};
    std::atomic<std::uint32_t> skipped_{0};
};

/// More cores than this a torrent can't be shared by (seven bits an owner).
inline constexpr unsigned cores_max = 126;

}  // namespace spate::swarm
