#pragma once
// engine/cli/context.hpp: what only main may ask the system for.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/base/time.hpp"

namespace spate::cli {

/// Times, randomness and environment, handed to whoever needs them. Owned by main.
struct Context {
    std::function<Time()> now;
    /// When the program started.
    Time started;
    /// Seconds since 1970 at the start.
    std::int64_t unix_seconds = 0;
    /// 64 bits of the operating system's random source with each call.
    std::function<std::uint64_t()> secret{};
    /// SPATE_HASH: which hashing kernels to use instead of the fastest.
    std::optional<std::string> hasher_name{};

    /// CPU time of the calling thread.
    std::function<std::uint64_t()> thread_cpu_ns{};

    double seconds() const { return to_seconds(now() - started); }
};

enum ExitCode : int {
    exit_success = 0,
    exit_failure = 1,
    exit_usage = 2,
    exit_mismatch = 3,
    exit_interrupted = 130,
};

}  // namespace spate::cli
