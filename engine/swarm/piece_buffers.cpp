#include "engine/swarm/piece_buffers.hpp"

#include "engine/base/assert.hpp"

namespace spate::swarm {
namespace {

/// Sizes are rounded to pages: short last pieces share their class with nothing much.
constexpr std::uint64_t rounded(std::uint32_t size_bytes) {
    return (std::uint64_t{size_bytes} + 4095) / 4096 * 4096;
}

}  // namespace

PieceBuffers::PieceBuffers(PayloadMemory& memory, std::uint64_t budget_bytes)
    : memory_(memory), budget_bytes_(budget_bytes) {
    const MutableBytes junk = memory_.allocate(discard_size_bytes);
    SPATE_ASSERT(junk.size() >= discard_size_bytes);
    table_.bind(discard, junk);
    pins_.push_back(0);
}

PieceBuffers::~PieceBuffers() {
    free_idle();
    memory_.free(table_.at(discard));
}

std::optional<BufferId> PieceBuffers::acquire(std::uint32_t size_bytes) {
    const std::uint64_t size = rounded(size_bytes);
    auto& idle = idle_[size];
    if (!idle.empty()) {
        const BufferId id = idle.back();
        idle.pop_back();
        ++in_use_;
        return id;
    }
    if (allocated_bytes_ + size > budget_bytes_) free_idle();
    if (allocated_bytes_ + size > budget_bytes_ && in_use_ > 0) {
        exhausted_ = true;
        return std::nullopt;
    }
    const MutableBytes memory = memory_.allocate(size);
    if (memory.empty()) {
        exhausted_ = true;
        return std::nullopt;
    }
    if (unbound_.empty()) {
        unbound_.push_back(BufferId(static_cast<std::uint32_t>(pins_.size())));
        pins_.push_back(0);
    }
    const BufferId id = unbound_.back();
    unbound_.pop_back();
    table_.bind(id, memory);
    allocated_bytes_ += size;
    ++in_use_;
    return id;
}

void PieceBuffers::release(BufferId id) {
    SPATE_ASSERT(id != discard && !pinned(id) && in_use_ > 0);
    --in_use_;
    exhausted_ = false;
    idle_[table_.at(id).size()].push_back(id);
}

void PieceBuffers::unpin(BufferId id) {
    SPATE_ASSERT(pinned(id));
    --pins_[id.value];
}

void PieceBuffers::free_idle() {
    for (auto& [size, ids] : idle_) {
        for (const BufferId id : ids) {
            memory_.free(table_.at(id));
            table_.bind(id, {});
            allocated_bytes_ -= size;
            unbound_.push_back(id);
        }
        ids.clear();
    }
}

}  // namespace spate::swarm
