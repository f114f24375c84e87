#pragma once
// tests/engine/swarm/plain_memory.hpp: payload memory from the heap, counted.
#include <cstdint>
#include <map>
#include <memory>

#include "engine/swarm/piece_buffers.hpp"

namespace spate::swarm {

/// Gives `left` allocations and then none. Everything must have been given back when it goes.
class PlainMemory final : public PayloadMemory {
public:
    explicit PlainMemory(std::uint32_t allocations_max = ~std::uint32_t{0})
        : left_(allocations_max) {}
    ~PlainMemory() { SPATE_ASSERT(blocks_.empty()); }

    MutableBytes allocate(std::size_t size_bytes) override {
        if (left_ == 0) return {};
        --left_;
        auto memory = std::make_unique<std::byte[]>(size_bytes);
        std::byte* const at = memory.get();
        blocks_[at] = std::move(memory);
        return {at, size_bytes};
    }
    void free(MutableBytes memory) override { SPATE_ASSERT(blocks_.erase(memory.data()) == 1); }

    std::size_t count() const { return blocks_.size(); }

private:
    std::uint32_t left_;
    std::map<std::byte*, std::unique_ptr<std::byte[]>> blocks_;
};

}  // namespace spate::swarm
