#include "engine/sim/adversary/verdict.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace spate::sim {

using session::DropReason;

bool is_accusation(DropReason reason) {
    constexpr DropReason accusations[] = {DropReason::banned,        DropReason::wire_error,
                                          DropReason::bad_bitfield,  DropReason::bad_request,
                                          DropReason::request_flood, DropReason::unrequested_data,
                                          DropReason::bad_extension, DropReason::false_data};
    return std::ranges::find(accusations, reason) != std::end(accusations);
}

std::optional<std::string> judge_time(const SimNode& node, std::optional<Duration> took,
                                      Duration calm) {
    if (!took)
        return fmt::format("node {} never has everything; without attackers it takes {:.1f} s",
                           node.index(), to_seconds(calm));
    const double most =
        std::max(to_seconds(calm) * Patience::slowdown_max, to_seconds(calm + Patience::slack));
    if (to_seconds(*took) <= most) return std::nullopt;
    return fmt::format("node {} takes {:.1f} s; without attackers it takes {:.1f} s", node.index(),
                       to_seconds(*took), to_seconds(calm));
}

std::optional<std::string> judge_burden(const SimNode& node, const Burden& now) {
    const std::size_t held_max =
        BurdenLimits::held_bytes_base + now.connections * BurdenLimits::held_bytes_per_connection;
    if (now.held_bytes > held_max)
        return fmt::format("node {} holds {} bytes for {} connections", node.index(),
                           now.held_bytes, now.connections);
    if (now.letters > BurdenLimits::letters)
        return fmt::format("node {} has {} letters between its cores under way", node.index(),
                           now.letters);
    const std::size_t outputs_max =
        BurdenLimits::outputs_base + now.connections * BurdenLimits::outputs_per_connection;
    if (now.outputs > outputs_max)
        return fmt::format(
            "a session of node {} wants {} things done in one turn, with {} "
            "connections",
            node.index(), now.outputs, now.connections);
    return std::nullopt;
}

std::optional<std::string> judge_upload(const SimNode& node, std::uint64_t bytes_received,
                                        Duration elapsed) {
    const std::uint64_t limit = node.options().up_bytes_per_s;
    if (limit == 0) return std::nullopt;
    std::uint64_t connections = 0;
    for (const auto& core : node.cores()) connections += core->session().connections_total();
    const double most =
        static_cast<double>(limit) * (to_seconds(elapsed) + 1) * BurdenLimits::limit_slack +
        static_cast<double>(2 * bytes_received +
                            connections * BurdenLimits::limit_bytes_per_connection);
    if (static_cast<double>(node.bytes_sent()) <= most) return std::nullopt;
    return fmt::format(
        "node {} sent {} bytes in {:.1f} s, for {} bytes that came and {} "
        "connections, under a limit of {} bytes a second",
        node.index(), node.bytes_sent(), to_seconds(elapsed), bytes_received, connections, limit);
}

std::optional<std::string> judge_trust(const Simulation& simulation) {
    for (const auto& node : simulation.nodes()) {
        for (const auto& other : simulation.nodes())
            if (node->bans(other->address().address))
                return fmt::format("node {} bans node {}, which is honest", node->index(),
                                   other->index());
        for (std::size_t torrent = 0; torrent < node->torrent_count(); ++torrent) {
            const session::SharedTorrent& shared = node->shared(torrent);
            for (std::uint32_t piece = 0; piece < shared.pieces.size(); ++piece) {
                const TorrentId id(static_cast<std::uint32_t>(torrent));
                if (!shared.pieces.stored(PieceIndex(piece))) continue;
                const std::uint32_t size = shared.metainfo->piece_size_bytes(PieceIndex(piece));
                if (!std::as_const(*node).disk(id).intact({PieceIndex(piece), 0, size}))
                    return fmt::format("node {} says it has piece {}, and hasn't", node->index(),
                                       piece);
            }
        }
    }
    return std::nullopt;
}

std::optional<std::string> judge_leftovers(const SimNode& node) {
    for (const auto& core : node.cores()) {
        const session::Session& session = core->session();
        if (session.connection_count() > 0)
            return fmt::format("node {} keeps {} connections when all is over", node.index(),
                               session.connection_count());
        if (session.buffers().in_use() > 0)
            return fmt::format("node {} keeps {} buffers when all is over", node.index(),
                               session.buffers().in_use());
        if (session.next_timeout())
            return fmt::format("node {} keeps a timer when all is over", node.index());
    }
    return std::nullopt;
}

}  // namespace spate::sim
