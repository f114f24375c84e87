#pragma once
// bench/big_buffer.hpp: data to hash.
#include <cstddef>
#include <new>
#include <sys/mman.h>

#include "engine/base/bytes.hpp"
#include "engine/base/prng.hpp"

namespace spate::bench {

inline constexpr std::size_t in_l2_bytes = 512 * 1024;
inline constexpr std::size_t out_of_cache_bytes = 256 * 1024 * 1024;

/// Random bytes, in huge pages where the system gives them.
class BigBuffer {
public:
    explicit BigBuffer(std::size_t size_bytes) : size_bytes_(size_bytes) {
        void* const at =
            mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED) throw std::bad_alloc();
        madvise(at, size_bytes, MADV_HUGEPAGE);
        at_ = static_cast<std::byte*>(at);
        Prng random(1);
        for (std::size_t i = 0; i < size_bytes; i += 8) {
            store_be<std::uint64_t>(at_ + i, random());
        }
    }
    ~BigBuffer() { munmap(at_, size_bytes_); }
    BigBuffer(const BigBuffer&) = delete;
    BigBuffer& operator=(const BigBuffer&) = delete;

    Bytes bytes() const { return {at_, size_bytes_}; }

private:
    std::size_t size_bytes_;
    std::byte* at_;
};

}  // namespace spate::bench
