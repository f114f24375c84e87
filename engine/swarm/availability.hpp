#pragma once
// engine/swarm/availability.hpp: how many peers have each piece, shared by all cores without a
// lock.
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/base/bitfield.hpp"
#include "engine/base/ids.hpp"

namespace spate::swarm {

/// Relaxed 16-bit counters: a reader sees each change soon, in no particular order, which is all
/// that rarest-first needs. Each core counts its own peers in counters of its own, so that cores
/// don't pull cache lines from each other with every HAVE; a reader adds them up. A peer that has
/// everything is counted once, in seeds(), so its arrival costs O(1). Invariant at rest: count(p)
/// equals the connected non-seeds that have p. Any thread.
class Availability {
public:
    /// Cores beyond so many share counters.
    static constexpr std::size_t shards_max = 16;

    explicit Availability(std::uint32_t piece_count) : piece_count_(piece_count) {}
    ~Availability();
    Availability(const Availability&) = delete;
    Availability& operator=(const Availability&) = delete;

    /// A peer of the core announced one more piece, or says it has lost one. Both on the same core.
    void add(PieceIndex piece, CoreIndex core) {
        shard(core)[piece.value].fetch_add(1, std::memory_order_relaxed);
    }
    void remove(PieceIndex piece, CoreIndex core) {
        shard(core)[piece.value].fetch_sub(1, std::memory_order_relaxed);
    }

    /// A peer's bitfield came, or the peer goes.
    void add(const Bitfield& have, CoreIndex core);
    void remove(const Bitfield& have, CoreIndex core);

    void add_seed() { seeds_.fetch_add(1, std::memory_order_relaxed); }
    void remove_seed() { seeds_.fetch_sub(1, std::memory_order_relaxed); }

    /// Peers that have the piece, seeds not counted: they don't change the order of pieces.
    std::uint32_t count(PieceIndex piece) const;
    std::uint32_t seeds() const { return seeds_.load(std::memory_order_relaxed); }
    std::uint32_t piece_count() const { return piece_count_; }

private:
    using Counter = std::atomic<std::uint16_t>;

    Counter* shard(CoreIndex core) {
        Counter* const made = shards_[core.value % shards_max].load(std::memory_order_acquire);
        return made != nullptr ? made : make_shard(core);
    }
    Counter* make_shard(CoreIndex core);

    const std::uint32_t piece_count_;
    std::array<std::atomic<Counter*>, shards_max> shards_{};  // nullptr: nothing counted yet
    alignas(64) std::atomic<std::uint32_t> seeds_{0};
};

}  // namespace spate::swarm
