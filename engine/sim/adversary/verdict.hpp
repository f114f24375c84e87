#pragma once
// engine/sim/adversary/verdict.hpp: what no attack may bring about.
#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/endpoint.hpp"
#include "engine/session/drop_reason.hpp"
#include "engine/sim/adversary/burden.hpp"
#include "engine/sim/simulation.hpp"

namespace spate::sim {

/// An attacked download may take `slowdown_max` times as long as the calm one, or `slack` longer,
/// whichever is more: the waits that end a silence (20 s for a block, and as long for a handshake)
/// are the same however short a transfer is.
struct Patience {
    static constexpr double slowdown_max = 2;
    static constexpr Duration slack = 45s;
};

/// How much peers may make a process hold and do.
struct BurdenLimits {
    static constexpr std::size_t held_bytes_base = 4 << 20;
    static constexpr std::size_t held_bytes_per_connection = 32 << 10;
    static constexpr std::size_t letters = 4'096;
    static constexpr std::size_t outputs_base = 512;
    static constexpr std::size_t outputs_per_connection = 16;
    /// CPU time of the dealing with hostile bytes: for each receive, and for each byte of it.
    static constexpr double work_ns_per_receive = 100'000;
    static constexpr double work_ns_per_byte = 500;
    /// Under an upload limit: what isn't payload, by what came in and by connections.
    static constexpr double limit_slack = 1.15;
    static constexpr std::uint64_t limit_bytes_per_connection = 8 << 10;
};

/// Reasons to drop a peer that only a liar or a fool gives.
bool is_accusation(session::DropReason reason);

// Each yields the sentence of what broke.
std::optional<std::string> judge_time(const SimNode& node, std::optional<Duration> took,
                                      Duration calm);
std::optional<std::string> judge_burden(const SimNode& node, const Burden& now);
/// Of a seed with an upload limit.
std::optional<std::string> judge_upload(const SimNode& node, std::uint64_t bytes_received,
                                        Duration elapsed);
/// Honest nodes hold each other for honest, and what they have is right.
std::optional<std::string> judge_trust(const Simulation& simulation);
/// All peers are gone, and all torrents stopped.
std::optional<std::string> judge_leftovers(const SimNode& node);

}  // namespace spate::sim
