#pragma once
// engine/synthetic/limit.hpp: what the kernel's TCP allows when nobody speaks BitTorrent.
#include <cstdint>
#include <expected>
#include <functional>
#include <string>

#include "engine/base/time.hpp"
#include "engine/synthetic/content.hpp"

namespace spate::synthetic {

struct LimitOptions {
    std::uint32_t connections = 1;
    unsigned measured_cpu = 0;  // of the end that is measured
    unsigned other_cpu = 0;
    Duration warm_up = 300ms;
    Duration time = 2s;
    std::uint64_t random_seed = 0;
    std::function<bool()> stop;  // gives up when true
};

struct LimitResult {
    double seconds = 0;
    std::uint64_t bytes = 0;
    double cpu_s = 0;  // of the measured end
};

/// Sends of 256 KiB, each of sixteen block messages of a random piece in `file` (mapped, in the
/// page cache), over loopback to a sink that drops them: what a seed can't beat. Fails with a
/// sentence.
std::expected<LimitResult, std::string> measure_send_limit(const std::filesystem::path& file,
                                                           const LimitOptions& options);

/// Receives that fill buffers of 256 KiB, one a connection, which are changed for others when full
/// until 64 MiB were used (what arrives has to be kept somewhere), from sources that send without
/// being asked: what a download can't beat.
std::expected<LimitResult, std::string> measure_receive_limit(const Content& content,
                                                              const LimitOptions& options);

}  // namespace spate::synthetic
