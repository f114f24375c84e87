#pragma once
// io/mapping.hpp: owns pages.
#include <cstddef>
#include <sys/mman.h>
#include <utility>

#include "engine/base/bytes.hpp"

namespace spate::io {

/// Anonymous, zeroed, private pages, or none when the kernel has no memory.
class PageMapping {
public:
    PageMapping() = default;
    PageMapping(PageMapping&& other) noexcept : memory_(std::exchange(other.memory_, {})) {}
    PageMapping& operator=(PageMapping&& other) noexcept {
        std::swap(memory_, other.memory_);
        return *this;
    }
    ~PageMapping() {
        if (!memory_.empty()) ::munmap(memory_.data(), memory_.size());
    }

    /// `alignment_bytes` is a power of two of at least one page, `size_bytes` a multiple of pages.
    static PageMapping create(std::size_t size_bytes, std::size_t alignment_bytes);

    MutableBytes memory() const { return memory_; }
    explicit operator bool() const { return !memory_.empty(); }

private:
    explicit PageMapping(MutableBytes memory) : memory_(memory) {}
    MutableBytes memory_;
};

}  // namespace spate::io
