#pragma once
// io/page_cache.hpp: what of a file is in memory, and how to read it around the page cache.
#include <cstdint>

namespace spate::io {

/// How many bytes of [offset, offset + size) are in the page cache, counted in whole pages; `size`
/// where the system won't say, as of files that belong to others.
std::uint64_t resident_bytes(int fd, std::uint64_t offset_bytes, std::uint64_t size_bytes);

/// The same on kernels without cachestat (before 6.5).
std::uint64_t resident_bytes_by_mapping(int fd, std::uint64_t offset_bytes,
                                        std::uint64_t size_bytes);

/// What offsets, sizes and addresses of O_DIRECT must be multiples of. 0: the file has no such
/// reads. Where the kernel doesn't say (before 6.1), a page, which all disks of today take.
std::uint32_t direct_alignment_bytes(int fd);

/// Drops the file's clean pages from the page cache.
void drop_pages(int fd);

}  // namespace spate::io
