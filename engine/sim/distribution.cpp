#include "engine/sim/distribution.hpp"

#include <algorithm>
#include <bit>

#include "engine/base/assert.hpp"
#include "engine/sim/file_server.hpp"
#include "engine/sim/simulation.hpp"

namespace spate::sim {
namespace {

/// A run that takes so many times its bound has stalled.
constexpr double patience = 50;
/// Events between two looks at the progress.
constexpr std::uint64_t progress_events = 200'000;
constexpr std::uint64_t pieces_wanted = 1'024;

double d(std::uint64_t number) {
    return static_cast<double>(number);
}

Duration deadline(double bound_seconds) {
    return Duration(static_cast<std::int64_t>((bound_seconds * patience + 600) * 1e9));
}

LinkClass server_link(const Distribution& distribution) {
    return {.up_bytes_per_s = distribution.server_up_bytes_per_s,
            .down_bytes_per_s =
                std::max(distribution.server_up_bytes_per_s, distribution.peer_down_bytes_per_s),
            .latency = distribution.latency};
}

LinkClass peer_link(const Distribution& distribution) {
    return {.up_bytes_per_s = distribution.peer_up_bytes_per_s,
            .down_bytes_per_s = distribution.peer_down_bytes_per_s,
            .latency = distribution.latency};
}

double stored_part(Simulation& simulation, std::uint64_t wanted_bytes) {
    std::uint64_t stored = 0;
    for (const auto& node : simulation.nodes())
        if (node->arrived()) stored += node->shared(0).counters.stored.load();
    return d(stored) / d(wanted_bytes);
}

}  // namespace

double client_server_bound_seconds(const Distribution& of) {
    return std::max(d(of.peers) * d(of.file_bytes) / d(of.server_up_bytes_per_s),
                    d(of.file_bytes) / d(of.peer_down_bytes_per_s));
}

double peer_to_peer_bound_seconds(const Distribution& of) {
    const double uplinks = d(of.server_up_bytes_per_s) + d(of.peers) * d(of.peer_up_bytes_per_s);
    return std::max({d(of.file_bytes) / d(of.server_up_bytes_per_s),
                     d(of.file_bytes) / d(of.peer_down_bytes_per_s),
                     d(of.peers) * d(of.file_bytes) / uplinks});
}

std::uint32_t piece_bytes_for(std::uint64_t file_bytes) {
    const std::uint64_t piece =
        std::bit_ceil(std::max<std::uint64_t>(file_bytes / pieces_wanted, 1));
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(piece, 16 << 10, 16 << 20));
}

DistributionRun run_peer_to_peer(const Distribution& of, const DistributionProgress& progress) {
    const std::uint32_t piece =
        of.piece_bytes > 0 ? of.piece_bytes : piece_bytes_for(of.file_bytes);
    Simulation simulation(
        {.seed = of.seed,
         .contents = {{.total_bytes = of.file_bytes, .piece_length_bytes = piece}},
         .payload = Payload::names,
         .check_every = of.check_every});
    NodeOptions server;
    server.link = server_link(of);
    server.torrents.front().seed = true;
    server.session.home.peers_max = of.connections_max;
    simulation.add_node(server);
    NodeOptions peer;
    peer.link = peer_link(of);
    peer.session.home.peers_max = of.connections_max;
    simulation.add_nodes(of.peers, peer);

    const std::uint64_t wanted = of.peers * of.file_bytes;
    bool stopped = false;
    std::uint64_t next_look = progress_events;
    const auto done = [&] {
        if (simulation.events_run() >= next_look) {
            next_look += progress_events;
            stopped = !progress(stored_part(simulation, wanted));
        }
        return stopped || simulation.all_complete();
    };
    const bool ended = simulation.run_until(done, deadline(peer_to_peer_bound_seconds(of)));
    const double seconds = to_seconds(simulation.elapsed());
    return {.seconds = seconds,
            .virtual_seconds = seconds,
            .trace_hash = simulation.trace_hash(),
            .events = simulation.events_run(),
            .failure = !simulation.violation().empty() ? simulation.violation()
                       : ended                         ? ""
                                                       : "the swarm stalled"};
}

DistributionRun run_client_server(const Distribution& of, const DistributionProgress& progress) {
    EventQueue queue;
    FileServerRun run(queue, {.clients = of.peers,
                              .file_bytes = of.file_bytes,
                              .server = server_link(of),
                              .client = peer_link(of)});
    const Time start = queue.now();
    const Time end = start + deadline(client_server_bound_seconds(of));
    while (!run.complete() && queue.run_next(end))
        if (queue.events_run() % progress_events == 0 && !progress(run.done())) break;
    const double seconds = to_seconds(queue.now() - start);
    return {.seconds = seconds,
            .virtual_seconds = seconds,
            .trace_hash = queue.trace_hash(),
            .events = queue.events_run(),
            .failure = run.complete() ? "" : "the clients stalled"};
}

}  // namespace spate::sim
