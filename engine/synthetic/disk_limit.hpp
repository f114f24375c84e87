#pragma once
// engine/synthetic/disk_limit.hpp: what the disk allows when nothing comes from a network.
#include <filesystem>

#include "engine/synthetic/limit.hpp"

namespace spate::synthetic {

/// Reads of `read_bytes` each, all of the file once in random order, sixteen at a time past the
/// page cache: what cold seeding can't beat.
std::expected<LimitResult, std::string> measure_read_limit(const std::filesystem::path& file,
                                                           std::uint32_t read_bytes,
                                                           const LimitOptions& options);

/// Writes of `write_bytes` each, in random order, sixteen at a time, to `file`, which is made with
/// `size_bytes` allocated and removed again; past the page cache where the filesystem allows that:
/// what a download can't beat. Takes the CPU time of the thread that writes.
std::expected<LimitResult, std::string> measure_write_limit(const std::filesystem::path& file,
                                                            std::uint64_t size_bytes,
                                                            std::uint32_t write_bytes,
                                                            const LimitOptions& options);

}  // namespace spate::synthetic
