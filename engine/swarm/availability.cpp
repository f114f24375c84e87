#include "engine/swarm/availability.hpp"

#include "engine/swarm/bits.hpp"

namespace spate::swarm {

Availability::~Availability() {
    for (const auto& shard : shards_) delete[] shard.load();
}

Availability::Counter* Availability::make_shard(CoreIndex core) {
    auto made = std::make_unique<Counter[]>(piece_count_);
    Counter* none = nullptr;
    if (shards_[core.value % shards_max].compare_exchange_strong(none, made.get(),
                                                                 std::memory_order_acq_rel))
        return made.release();
    return none;  // another core of the same shard was first
}

void Availability::add(const Bitfield& have, CoreIndex core) {
    SPATE_ASSERT(have.size() == piece_count_);
    if (have.none()) return;
    Counter* const counters = shard(core);
    for_each_set(have, [&](std::uint32_t piece) {
        counters[piece].fetch_add(1, std::memory_order_relaxed);
    });
}

void Availability::remove(const Bitfield& have, CoreIndex core) {
    SPATE_ASSERT(have.size() == piece_count_);
    if (have.none()) return;
    Counter* const counters = shard(core);
    for_each_set(have, [&](std::uint32_t piece) {
        counters[piece].fetch_sub(1, std::memory_order_relaxed);
    });
}

std::uint32_t Availability::count(PieceIndex piece) const {
    std::uint32_t sum = 0;
    for (const auto& shard : shards_)
        if (const Counter* const counters = shard.load(std::memory_order_acquire))
            sum += counters[piece.value].load(std::memory_order_relaxed);
    return sum;
}

}  // namespace spate::swarm
