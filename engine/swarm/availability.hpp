#pragma once
// engine/swarm/availability.hpp: how many peers have each piece, shared by all cores without a
// lock.
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/base/bitfield.hpp"
#include "engine/base/ids.hpp"
#include "engine/swarm/atomics.hpp"
#include "engine/swarm/bits.hpp"

namespace spate::swarm {

/// Relaxed 16-bit counters: a reader sees each change soon, in no particular order, which is all
/// that rarest-first needs. Each core counts its own peers in counters of its own, so that cores
/// don't pull cache lines from each other with every HAVE; a reader adds them up. A peer that has
/// everything is counted once, in seeds(), so its arrival costs O(1). Invariant at rest: count(p)
/// equals the connected non-seeds that have p. Any thread. `Atomics` is what its words are made of:
/// the tests step through every interleaving of their operations.
template <class Atomics>
class BasicAvailability {
public:
    /// Cores beyond so many share counters.
    static constexpr std::size_t shards_max = 16;

    explicit BasicAvailability(std::uint32_t piece_count) : piece_count_(piece_count) {}
    ~BasicAvailability();
    BasicAvailability(const BasicAvailability&) = delete;
    BasicAvailability& operator=(const BasicAvailability&) = delete;

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
    template <class T>
    using Atomic = typename Atomics::template Atomic<T>;
    using Counter = Atomic<std::uint16_t>;

    Counter* shard(CoreIndex core) {
        Counter* const made = shards_[core.value % shards_max].load(std::memory_order_acquire);
        return made != nullptr ? made : make_shard(core);
    }
    Counter* make_shard(CoreIndex core);

    const std::uint32_t piece_count_;
    std::array<Atomic<Counter*>, shards_max> shards_{};  // nullptr: nothing counted yet
    /// A bit for each of them that is made or just being made: a reader looks at no others.
    Atomic<std::uint32_t> made_{0};
    Atomic<std::uint32_t> seeds_{0};
};

using Availability = BasicAvailability<StdAtomics>;

template <class Atomics>
BasicAvailability<Atomics>::~BasicAvailability() {
    for (const auto& shard : shards_) Atomics::template free_array<std::uint16_t>(shard.load());
}

template <class Atomics>
auto BasicAvailability<Atomics>::make_shard(CoreIndex core) -> Counter* {
    const std::size_t index = core.value % shards_max;
    // First, so that whoever finds the counters also reads what it adds to them.
    made_.fetch_or(1U << index, std::memory_order_release);
    Counter* const made = Atomics::template make_array<std::uint16_t>(piece_count_);
    Counter* none = nullptr;
    if (shards_[index].compare_exchange_strong(none, made, std::memory_order_acq_rel)) return made;
    Atomics::template free_array<std::uint16_t>(made);
    return none;  // another core of the same shard was first
}

template <class Atomics>
void BasicAvailability<Atomics>::add(const Bitfield& have, CoreIndex core) {
    SPATE_ASSERT(have.size() == piece_count_);
    if (have.none()) return;
    Counter* const counters = shard(core);
    for_each_set(have, [&](std::uint32_t piece) {
        counters[piece].fetch_add(1, std::memory_order_relaxed);
    });
}

template <class Atomics>
void BasicAvailability<Atomics>::remove(const Bitfield& have, CoreIndex core) {
    SPATE_ASSERT(have.size() == piece_count_);
    if (have.none()) return;
    Counter* const counters = shard(core);
    for_each_set(have, [&](std::uint32_t piece) {
        counters[piece].fetch_sub(1, std::memory_order_relaxed);
    });
}

template <class Atomics>
std::uint32_t BasicAvailability<Atomics>::count(PieceIndex piece) const {
    std::uint32_t sum = 0;
    for (std::uint32_t left = made_.load(std::memory_order_acquire); left != 0; left &= left - 1) {
        const auto index = static_cast<std::size_t>(std::countr_zero(left));
        if (const Counter* const counters = shards_[index].load(std::memory_order_acquire))
            sum += counters[piece.value].load(std::memory_order_relaxed);
    }
    return sum;
}

extern template class BasicAvailability<StdAtomics>;

}  // namespace spate::swarm
