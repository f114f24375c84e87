#pragma once
// engine/swarm/piece_buffers.hpp: one core's buffers for pieces in the making.
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/base/payload_buffers.hpp"

namespace spate::swarm {

/// Where buffers come from: page-aligned memory of the driver, plain memory in simulation.
class PayloadMemory {
public:
    virtual ~PayloadMemory() = default;
    /// Empty when memory has run out.
    virtual MutableBytes allocate(std::size_t size_bytes) = 0;
    virtual void free(MutableBytes memory) = 0;
};

/// Buffers of any size within a budget. One gets its memory when data comes for it, that which was
/// given back last, so that a busy core's payload stays in its cache (PayloadBuffers): memory for
/// all of them is set aside, but what never was in use at once is never touched. A buffer is pinned
/// while a receive that may write to it is in flight, and is neither hashed nor reused before.
/// Running out is ordinary: nothing more is requested then. One thread.
class PieceBuffers {
public:
    /// Payload nobody wants is received here; its content means nothing.
    static constexpr BufferId discard{0};
    static constexpr std::uint32_t discard_size_bytes = 128 * 1024;

    /// std::bad_alloc when there is not even memory to throw away into.
    PieceBuffers(PayloadMemory& memory, std::uint64_t budget_bytes);
    ~PieceBuffers();
    PieceBuffers(const PieceBuffers&) = delete;
    PieceBuffers& operator=(const PieceBuffers&) = delete;

    /// Empty when the budget is spent. One buffer is always granted, however large.
    std::optional<BufferId> acquire(std::uint32_t size_bytes);
    void release(BufferId id);

    void pin(BufferId id) { ++pins_[id.value]; }
    void unpin(BufferId id);
    bool pinned(BufferId id) const { return pins_[id.value] != 0; }

    const PayloadBuffers& table() const { return table_; }
    /// The last acquire() found no memory, nothing was released since, and something will be. When
    /// nothing is in use the system had none: it may have some the next time.
    bool exhausted() const { return exhausted_ && in_use_ > 0; }
    std::uint32_t in_use() const { return in_use_; }
    std::uint64_t allocated_bytes() const { return allocated_bytes_; }

private:
    /// Memory of that size that is promised to nobody.
    bool set_aside(std::uint64_t size_bytes);
    void free_idle();

    PayloadMemory& memory_;
    const std::uint64_t budget_bytes_;
    std::uint64_t allocated_bytes_ = 0;
    std::uint32_t in_use_ = 0;
    bool exhausted_ = false;
    PayloadBuffers table_;
    std::vector<std::uint32_t> pins_;  // by id
    std::vector<BufferId> unused_;     // ids, the one given back last at the end
};

}  // namespace spate::swarm
