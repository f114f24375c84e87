#include "io/page_cache.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace spate::io {
namespace {

constexpr std::uint64_t page_bytes = 4096;  // of x86-64
/// One mapping covers so much at a time.
constexpr std::uint64_t window_bytes = 16 << 20;

// Of <linux/mman.h> since 6.5.
constexpr long cachestat_call = 451;
struct CachestatRange {
    std::uint64_t offset_bytes;
    std::uint64_t size_bytes;
};
struct Cachestat {
    std::uint64_t cached_pages;
    std::uint64_t dirty_pages;
    std::uint64_t writeback_pages;
    std::uint64_t evicted_pages;
    std::uint64_t recently_evicted_pages;
};

std::uint64_t resident_in_window(int fd, std::uint64_t begin, std::uint64_t end) {
    const std::uint64_t size = end - begin;
    void* const at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(begin));
    if (at == MAP_FAILED) return size;
    std::array<unsigned char, window_bytes / page_bytes> pages;
    std::uint64_t resident = size;
    if (::mincore(at, size, pages.data()) == 0)
        resident =
            page_bytes * static_cast<std::uint64_t>(std::count_if(
                             pages.begin(), pages.begin() + (size + page_bytes - 1) / page_bytes,
                             [](unsigned char page) { return (page & 1) != 0; }));
    ::munmap(at, size);
    return resident;
}

}  // namespace

std::uint64_t resident_bytes(int fd, std::uint64_t offset_bytes, std::uint64_t size_bytes) {
    if (size_bytes == 0) return 0;
    const CachestatRange range{offset_bytes, size_bytes};
    Cachestat found{};
    if (::syscall(cachestat_call, fd, &range, &found, 0) != 0)
        return resident_bytes_by_mapping(fd, offset_bytes, size_bytes);
    return std::min(found.cached_pages * page_bytes, size_bytes);
}

std::uint64_t resident_bytes_by_mapping(int fd, std::uint64_t offset_bytes,
                                        std::uint64_t size_bytes) {
    const std::uint64_t end = offset_bytes + size_bytes;
    std::uint64_t resident = 0;
    for (std::uint64_t at = offset_bytes / page_bytes * page_bytes; at < end; at += window_bytes)
        resident += resident_in_window(fd, at, std::min(at + window_bytes, end));
    return std::min(resident, size_bytes);
}

std::uint32_t direct_alignment_bytes(int fd) {
    struct statx info{};
    if (::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &info) != 0 ||
        (info.stx_mask & STATX_DIOALIGN) == 0)
        return page_bytes;
    return std::max(info.stx_dio_mem_align, info.stx_dio_offset_align);
}

void drop_pages(int fd) {
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

}  // namespace spate::io
