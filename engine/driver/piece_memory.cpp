#include "engine/driver/piece_memory.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "engine/base/assert.hpp"

namespace spate::driver {

std::size_t PieceMemory::part_size(std::size_t size_bytes) {
    return size_bytes < slab_bytes ? std::bit_ceil(size_bytes) : size_bytes;
}

MutableBytes PieceMemory::allocate(std::size_t size_bytes) {
    std::vector<std::byte*>& parts = free_parts_[part_size(size_bytes)];
    if (parts.empty() && !add_slab(part_size(size_bytes))) return {};
    std::byte* const memory = parts.back();
    parts.pop_back();
    ++slabs_.at(slab_of(memory)).used;
    return {memory, size_bytes};
}

bool PieceMemory::add_slab(std::size_t part_bytes) {
    const std::size_t size_bytes = std::max(part_bytes, slab_bytes);
    io::PageMapping mapping = io::PageMapping::create(size_bytes, slab_bytes);
    if (!mapping) return false;
    std::byte* const begin = mapping.memory().data();
    ::madvise(begin, size_bytes, MADV_HUGEPAGE);
    std::vector<std::byte*>& parts = free_parts_[part_bytes];
    for (std::size_t end = size_bytes / part_bytes * part_bytes; end > 0; end -= part_bytes)
        parts.push_back(begin + (end - part_bytes));
    slabs_[slab_of(begin)].mapping = std::move(mapping);
    return true;
}

void PieceMemory::free(MutableBytes memory) {
    const std::uintptr_t key = slab_of(memory.data());
    Slab& slab = slabs_.at(key);
    SPATE_ASSERT(slab.used > 0);
    std::vector<std::byte*>& parts = free_parts_[part_size(memory.size())];
    parts.push_back(memory.data());
    if (--slab.used > 0) return;
    std::erase_if(parts, [&](const std::byte* part) { return slab_of(part) == key; });
    slabs_.erase(key);
}

}  // namespace spate::driver
