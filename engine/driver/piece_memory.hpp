#pragma once
// engine/driver/piece_memory.hpp: memory for pieces in the making.
#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "engine/swarm/piece_buffers.hpp"
#include "io/mapping.hpp"

namespace spate::driver {

/// Page-aligned memory in slabs of one huge page, where the kernel has some: receiving then faults
/// once in 2 MiB, and a direct write looks up one page instead of 64 in 256 KiB. A slab is cut into
/// parts of one size, a power of two so that few slabs are in part unused, and goes back to the
/// system when none is in use. What is larger than a slab has a mapping of its own. The part given
/// back last is taken first. One thread.
class PieceMemory final : public swarm::PayloadMemory {
public:
    static constexpr std::size_t slab_bytes = 2 * 1024 * 1024;

    /// `size_bytes` is a multiple of pages.
    MutableBytes allocate(std::size_t size_bytes) override;
    void free(MutableBytes memory) override;

    std::size_t slab_count() const { return slabs_.size(); }

private:
    struct Slab {
        io::PageMapping mapping;
        std::size_t used = 0;  // parts
    };

    static std::size_t part_size(std::size_t size_bytes);
    static std::uintptr_t slab_of(const std::byte* at) {
        return reinterpret_cast<std::uintptr_t>(at) / slab_bytes;
    }
    bool add_slab(std::size_t part_bytes);

    std::unordered_map<std::uintptr_t, Slab> slabs_;             // by address / slab_bytes
    std::map<std::size_t, std::vector<std::byte*>> free_parts_;  // by part_size()
};

}  // namespace spate::driver
