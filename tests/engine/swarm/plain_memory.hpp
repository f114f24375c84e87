#pragma once
// tests/engine/swarm/plain_memory.hpp: payload memory for tests.
#include "engine/swarm/piece_buffers.hpp"

namespace spate::swarm {

class PlainMemory final : public PayloadMemory {
public:
    MutableBytes allocate(std::size_t size_bytes) override {
        ++allocations;
        return {new std::byte[size_bytes], size_bytes};
    }
    void free(MutableBytes memory) override { delete[] memory.data(); }
    int allocations = 0;
};

}  // namespace spate::swarm
