#pragma once
// engine/driver/piece_memory.hpp: memory for pieces in the making.
#include <sys/mman.h>

#include "engine/swarm/piece_buffers.hpp"

namespace spate::driver {

/// Page-aligned anonymous mappings; large ones on huge pages where the kernel has some.
class PieceMemory final : public swarm::PayloadMemory {
public:
    MutableBytes allocate(std::size_t size_bytes) override {
        void* const memory =
            ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return {};
        if (size_bytes >= huge_page_bytes) ::madvise(memory, size_bytes, MADV_HUGEPAGE);
        return {static_cast<std::byte*>(memory), size_bytes};
    }
    void free(MutableBytes memory) override { ::munmap(memory.data(), memory.size()); }

private:
    static constexpr std::size_t huge_page_bytes = 2 * 1024 * 1024;
};

}  // namespace spate::driver
