#pragma once
// engine/driver/descriptor_budget.hpp: what the cores may open of the process's descriptors.
#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace spate::driver {

/// One core's share. All shares together leave `reserved` of the process's limit to everything else
/// (listening sockets, rings, trackers, folders, records), so that no crowd of connections can take
/// the descriptors that files need.
struct DescriptorBudget {
    static constexpr std::uint64_t reserved = 256;
    static constexpr std::uint64_t for_files_max = 2048;
    /// A file that is written may be open twice (OpenFile).
    static constexpr std::uint64_t per_file = 2;
    static constexpr std::uint64_t open_files_min = 2;
    static constexpr std::uint64_t connections_min = 4;
    /// Connections of a core for each of a torrent's peers.
    static constexpr std::uint64_t connections_per_peer = 4;

    std::uint64_t connections = 0;
    std::uint64_t open_files = 0;

    static constexpr DescriptorBudget of_core(std::uint64_t limit, std::uint64_t cores,
                                              std::uint64_t peers_max) {
        const std::uint64_t for_files = std::min(for_files_max, limit / 4);
        const std::uint64_t rest = limit - std::min(limit, for_files + reserved);
        const std::uint64_t wanted = std::max(connections_min, peers_max * connections_per_peer);
        return {.connections = std::clamp(rest / cores, connections_min, wanted),
                .open_files = std::max(open_files_min, for_files / cores / per_file)};
    }
};

}  // namespace spate::driver
