#pragma once
// engine/sim/distribution.hpp: how long it takes to give a file to everybody, in theory and in the
// simulator.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/base/time.hpp"

namespace spate::sim {

/// One server that has a file, and as many peers that want it, all of them there from the start to
/// the end.
struct Distribution {
    std::uint32_t peers = 100;
    std::uint64_t file_bytes = 64 << 20;
    std::uint64_t server_up_bytes_per_s = 4 << 20;
    std::uint64_t peer_up_bytes_per_s = 1 << 20;
    std::uint64_t peer_down_bytes_per_s = 8 << 20;
    Duration latency = 10ms;             // one way, from a node to the middle of the network
    std::uint32_t piece_bytes = 0;       // 0: piece_bytes_for()
    std::uint32_t connections_max = 50;  // of each peer
    std::uint64_t seed = 1;
    /// Invariants are checked after one event in so many.
    std::uint64_t check_every = 10'000;
};

/// Lower bounds on the time until the last peer has the file (Kurose and Ross, Computer
/// Networking, section 2.5), in seconds. Everything is sent by the server, N F / u_s, and each peer
/// takes in a whole file, F / d.
double client_server_bound_seconds(const Distribution& distribution);
/// The server sends each bit at least once, F / u_s; all the copies need all the uplinks together,
/// N F / (u_s + sum of u_i).
double peer_to_peer_bound_seconds(const Distribution& distribution);

/// About a thousand pieces, a power of two, at least one block.
std::uint32_t piece_bytes_for(std::uint64_t file_bytes);

struct DistributionRun {
    double seconds = 0;          // until the last peer had the file
    double virtual_seconds = 0;  // that were simulated
    std::uint64_t trace_hash = 0;
    std::uint64_t events = 0;
    std::string failure;  // an invariant that was broken, or that it didn't end; empty: fine
};

/// Part of the whole that is done, 0 to 1, now and then; false ends the run.
using DistributionProgress = std::function<bool(double done)>;

/// The engine's sessions, the server one of them.
DistributionRun run_peer_to_peer(const Distribution& distribution,
                                 const DistributionProgress& progress);
/// A file server that sends to all clients at once, in the same network.
DistributionRun run_client_server(const Distribution& distribution,
                                  const DistributionProgress& progress);

}  // namespace spate::sim
