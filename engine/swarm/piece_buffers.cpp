#include "engine/swarm/piece_buffers.hpp"

#include <new>

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
    if (junk.size() < discard_size_bytes) throw std::bad_alloc();
    table_.bind(discard, junk);
    pins_.push_back(0);
}

PieceBuffers::~PieceBuffers() {
    free_idle();
    memory_.free(table_.at(discard));
}

std::optional<BufferId> PieceBuffers::acquire(std::uint32_t size_bytes) {
    const std::uint64_t size = rounded(size_bytes);
    if (!table_.has_unpromised(size) && !set_aside(size)) {
        exhausted_ = true;
        return std::nullopt;
    }
    if (unused_.empty()) {
        unused_.push_back(BufferId(static_cast<std::uint32_t>(pins_.size())));
        pins_.push_back(0);
    }
    const BufferId id = unused_.back();
    unused_.pop_back();
    table_.promise(id, size);
    ++in_use_;
    return id;
}

bool PieceBuffers::set_aside(std::uint64_t size_bytes) {
    if (allocated_bytes_ + size_bytes > budget_bytes_) free_idle();
    if (allocated_bytes_ + size_bytes > budget_bytes_ && in_use_ > 0) return false;
    const MutableBytes memory = memory_.allocate(size_bytes);
    if (memory.empty()) return false;
    allocated_bytes_ += size_bytes;
    table_.add_spare(memory);
    return true;
}

void PieceBuffers::release(BufferId id) {
    SPATE_ASSERT(id != discard && !pinned(id) && in_use_ > 0);
    --in_use_;
    exhausted_ = false;
    table_.take_back(id);
    unused_.push_back(id);
}

void PieceBuffers::unpin(BufferId id) {
    SPATE_ASSERT(pinned(id));
    --pins_[id.value];
}

void PieceBuffers::free_idle() {
    while (const auto memory = table_.take_unpromised()) {
        allocated_bytes_ -= memory->size();
        memory_.free(*memory);
    }
}

}  // namespace spate::swarm
