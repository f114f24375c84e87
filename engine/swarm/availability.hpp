#pragma once
// engine/swarm/availability.hpp: how many peers have each piece, shared by all cores without a
// lock.
#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/base/bitfield.hpp"
#include "engine/base/ids.hpp"

namespace spate::swarm {

/// One 16-bit counter a piece, relaxed: a reader sees each change soon, in no particular order,
/// which is all that rarest-first needs. A peer that has everything is counted once, in seeds(), so
/// its arrival costs O(1). Invariant at rest: count(p) equals the connected non-seeds that have p.
/// Any thread.
class Availability {
public:
    explicit Availability(std::uint32_t piece_count);

    /// A peer announced one more piece.
    void add(PieceIndex piece) { counters_[piece.value].fetch_add(1, std::memory_order_relaxed); }
    void remove(PieceIndex piece) {
        counters_[piece.value].fetch_sub(1, std::memory_order_relaxed);
    }

    /// A peer's bitfield came, or the peer goes.
    void add(const Bitfield& have);
    void remove(const Bitfield& have);

    void add_seed() { seeds_.fetch_add(1, std::memory_order_relaxed); }
    void remove_seed() { seeds_.fetch_sub(1, std::memory_order_relaxed); }

    /// Peers that have the piece, seeds not counted: they don't change the order of pieces.
    std::uint16_t count(PieceIndex piece) const {
        return counters_[piece.value].load(std::memory_order_relaxed);
    }
    std::uint32_t seeds() const { return seeds_.load(std::memory_order_relaxed); }
    std::uint32_t piece_count() const { return piece_count_; }

private:
    const std::uint32_t piece_count_;
    std::unique_ptr<std::atomic<std::uint16_t>[]> counters_;
    alignas(64) std::atomic<std::uint32_t> seeds_{0};
};

}  // namespace spate::swarm
