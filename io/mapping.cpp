#include "io/mapping.hpp"

#include <bit>
#include <cstdint>

#include "engine/base/assert.hpp"

namespace spate::io {

PageMapping PageMapping::create(std::size_t size_bytes, std::size_t alignment_bytes) {
    SPATE_ASSERT(size_bytes > 0 && std::has_single_bit(alignment_bytes));
    // Maps one alignment more and gives back what sticks out at both ends.
    const std::size_t mapped_bytes = size_bytes + alignment_bytes;
    void* raw =
        ::mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED) return {};
    auto* start = static_cast<std::byte*>(raw);
    const std::size_t misaligned_bytes = reinterpret_cast<std::uintptr_t>(start) % alignment_bytes;
    const std::size_t front_bytes = misaligned_bytes == 0 ? 0 : alignment_bytes - misaligned_bytes;
    if (front_bytes > 0) ::munmap(start, front_bytes);
    ::munmap(start + front_bytes + size_bytes, alignment_bytes - front_bytes);
    return PageMapping(MutableBytes(start + front_bytes, size_bytes));
}

}  // namespace spate::io
