#pragma once
// engine/cli/transfer_options.hpp: what `seed` and `get` have in common on the command line.
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/cli/environment.hpp"
#include "engine/cli/machine.hpp"
#include "engine/driver/engine.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "engine/swarm/choker.hpp"

namespace spate::cli {

inline constexpr std::uint16_t listen_port_default = 6881;
inline constexpr std::uint16_t listen_port_default_last = 6889;

struct TransferOptions {
    std::vector<Endpoint> listen;
    std::vector<unsigned> cpus = available_cpus();
    /// The user named the CPUs, so threads stay on them.
    bool pin_threads = false;
    Duration spin{};
    driver::ZeroCopy zero_copy = driver::ZeroCopy::automatic;
    std::vector<metainfo::HostPort> peers;
    std::uint32_t peers_max = 200;
    /// Empty: the strategy's default.
    std::optional<std::uint32_t> upload_slots;
    swarm::LeechStrategy leech_strategy = swarm::LeechStrategy::tit_for_tat;
    swarm::SeedStrategy seed_strategy = swarm::SeedStrategy::round_robin;
    bool sequential = false;
    bool super_seed = false;
    std::uint64_t up_bytes_per_s = 0;
    std::uint64_t down_bytes_per_s = 0;
    std::uint64_t torrent_up_bytes_per_s = 0;  // of each torrent
    std::uint64_t torrent_down_bytes_per_s = 0;
    bool loopback_only = false;
    std::string stats;
    std::optional<Duration> duration;
    std::vector<std::string> trackers;
    bool no_tracker = false;
    bool full_check = false;
    bool ignored = false;  // --no-dht and its like

    // Of `spate bench` only, and in no --help.
    std::uint32_t core_threads = 0;  // so many, whatever the CPUs; 0: one each
    bool trust_peers = false;        // pieces aren't hashed
};

void add_transfer_options(CLI::App& app, TransferOptions& options);

/// The user's addresses, or the first free port from 6881 to 6889 (else any) of all addresses (of
/// loopback with --sandbox-loopback). Fails with a sentence when a port that the user named is
/// taken.
std::expected<std::vector<Endpoint>, std::string> choose_listen(const TransferOptions& options);

driver::EngineOptions engine_options(const TransferOptions& options, std::vector<Endpoint> listen,
                                     const Context& context);

}  // namespace spate::cli
