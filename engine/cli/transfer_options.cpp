#include "engine/cli/transfer_options.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "engine/cli/choices.hpp"
#include "engine/cli/name_lookup.hpp"
#include "engine/cli/units.hpp"
#include "engine/swarm/piece_table.hpp"

namespace spate::cli {
namespace {

Parsed<std::uint32_t> parse_slots(std::string_view text) {
    if (text == "auto") return swarm::Choker::slots_auto;
    if (text == "0") return 0;
    auto slots = parse_count(text);
    if (slots) return slots;
    return std::unexpected(
        fmt::format("'{}' is neither a number nor 'auto' nor 'unlimited'", text));
}

void add_choking_options(CLI::App& app, TransferOptions& options) {
    add_parsed(app, "--upload-slots", options.upload_slots, parse_slots,
               "Peers of a torrent served at once, 'auto' (as the uplink allows) or 'unlimited' "
               "(default: 4; auto with --strategy tyrant); 0 gives nothing")
        ->type_name("N");
    add_parsed(app, "--strategy", options.leech_strategy, parser_of(leech_strategies),
               "Whom to serve while downloading: tit-for-tat (default), or tyrant, which pays each "
               "peer no more than it must")
        ->type_name("NAME");
    add_parsed(app, "--seed-strategy", options.seed_strategy, parser_of(seed_strategies),
               "Whom to serve as a seed: round-robin (default), fastest, or anti-leech, which "
               "prefers those that have just begun or are almost done")
        ->type_name("NAME");
}

std::uint32_t upload_slots(const TransferOptions& options) {
    return options.upload_slots.value_or(swarm::Choker::slots_of(options.leech_strategy));
}

void add_network_options(CLI::App& app, TransferOptions& options) {
    add_parsed_list(app, "--listen", options.listen, parse_endpoint,
                    "ADDR:PORT for peers, repeatable (default: port 6881 of all addresses, or the "
                    "next that is free)")
        ->type_name("ADDR:PORT");
    add_parsed_list(app, "--peer", options.peers, parse_peer,
                    "Connect to this peer at once, repeatable")
        ->type_name("HOST:PORT");
    add_parsed(app, "--max-peers", options.peers_max, parse_count,
               "Peers of a torrent at most (default: 200)")
        ->type_name("N");
    add_choking_options(app, options);
    add_rate(app, "--up", options.up_bytes_per_s,
             "Upload limit in bytes per second, such as 20M (default: unlimited)");
    add_rate(app, "--down", options.down_bytes_per_s,
             "Download limit in bytes per second (default: unlimited)");
    add_rate(app, "--torrent-up", options.torrent_up_bytes_per_s,
             "Upload limit of each torrent, within --up (default: unlimited)");
    add_rate(app, "--torrent-down", options.torrent_down_bytes_per_s,
             "Download limit of each torrent, within --down (default: unlimited)");
    app.add_flag("--sandbox-loopback", options.loopback_only,
                 "Accept and call only peers on this machine's loopback addresses");
    app.add_flag("--no-dht,--no-pex,--no-lsd", options.ignored,
                 "Accepted for scripts: spate has none of them yet");
}

constexpr std::array zero_copy_choices{Named{"auto", driver::ZeroCopy::automatic},
                                       Named{"on", driver::ZeroCopy::on},
                                       Named{"off", driver::ZeroCopy::off}};

/// A core that polls for longer only burns power: sleeping and waking cost far less.
constexpr Duration spin_max = 10ms;

Parsed<Duration> parse_spin(std::string_view text) {
    auto time = text == "0" ? Parsed<Duration>(Duration::zero()) : parse_duration(text);
    if (time && *time > spin_max)
        return std::unexpected(fmt::format("'{}' is too long: at most 10ms", text));
    return time;
}

void add_machine_options(CLI::App& app, TransferOptions& options) {
    app.add_option_function<std::string>(
           "--cores",
           [&options](const std::string& text) {
               auto cpus = parse_cores(text, available_cpus());
               if (!cpus) throw CLI::ValidationError("--cores", cpus.error());
               options.cpus = *std::move(cpus);
               options.pin_threads = !std::ranges::all_of(
                   text, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
           },
           "Core threads: a number, or a list of CPUs to stay on such as 0-3 (default: all)")
        ->type_name("N|LIST");
    add_parsed(
        app, "--zero-copy", options.zero_copy, parser_of(zero_copy_choices),
        "Send without copying: on, off, or auto (default), which tries and keeps to it where "
        "that costs less CPU time, as it may on a real network card")
        ->type_name("WHEN");
    add_parsed(app, "--spin", options.spin, parse_spin,
               "How long a core looks for work before it sleeps, such as 50us: less delay for more "
               "CPU time (default: 0)")
        ->type_name("TIME");
    app.add_option("--stats", options.stats, "Write the cost ledger as JSON at exit")
        ->type_name("FILE")
        ->check(a_file_to_write());
    add_parsed(app, "--duration", options.duration, parse_duration,
               "Stop by itself after this time, such as 30s or 2h")
        ->type_name("TIME");
}

/// An empty group is left out of --help.
void add_bench_options(CLI::App& app, TransferOptions& options) {
    app.add_option("--bench-core-threads", options.core_threads)
        ->check(CLI::Range(1U, swarm::cores_max))
        ->group("");
    // Unverified data is for benchmarks alone, so never from strangers.
    app.add_flag("--bench-trust-peers", options.trust_peers)
        ->needs("--sandbox-loopback")
        ->group("");
}

Endpoint at_port(std::string_view address, std::uint16_t port) {
    return {IpAddress::parse(address).value(), port};
}

std::vector<Endpoint> default_addresses(bool loopback, std::uint16_t port) {
    std::vector<Endpoint> addresses{at_port(loopback ? "127.0.0.1" : "0.0.0.0", port)};
    if (has_ipv6()) addresses.push_back(at_port(loopback ? "::1" : "::", port));
    return addresses;
}

}  // namespace

void add_transfer_options(CLI::App& app, TransferOptions& options) {
    app.add_option("-t,--tracker", options.trackers,
                   "Announce here; repeat for further tiers, commas within a tier")
        ->type_name("URL")
        ->allow_extra_args(false);
    app.add_flag("--no-tracker", options.no_tracker, "Use no tracker at all")
        ->excludes("--tracker");
    app.add_flag("--check", options.full_check, "Hash all data that is there before the start");
    add_network_options(app, options);
    add_machine_options(app, options);
    add_bench_options(app, options);
}

std::expected<std::vector<Endpoint>, std::string> choose_listen(const TransferOptions& options) {
    for (const Endpoint& endpoint : options.listen)
        if (endpoint.port != 0 && !port_is_free(endpoint))
            return std::unexpected(
                fmt::format("cannot listen on {}: the address is not this machine's, or the port "
                            "is taken or reserved; name another with --listen",
                            endpoint.to_string()));
    if (!options.listen.empty()) return options.listen;
    for (std::uint16_t port = listen_port_default; port <= listen_port_default_last; ++port) {
        auto addresses = default_addresses(options.loopback_only, port);
        if (std::ranges::all_of(addresses, port_is_free)) return addresses;
    }
    return default_addresses(options.loopback_only, 0);
}

driver::EngineOptions engine_options(const TransferOptions& options, std::vector<Endpoint> listen,
                                     const Context& context) {
    driver::EngineOptions engine;
    engine.listen = std::move(listen);
    engine.cpus = options.cpus;
    engine.pin_threads = options.pin_threads;
    engine.peers_max = options.peers_max;
    engine.upload_slots = upload_slots(options);
    engine.leech_strategy = options.leech_strategy;
    engine.seed_strategy = options.seed_strategy;
    if (options.sequential) engine.piece_mode = swarm::PieceMode::in_order;
    engine.super_seed = options.super_seed;
    engine.up_bytes_per_s = options.up_bytes_per_s;
    engine.down_bytes_per_s = options.down_bytes_per_s;
    engine.spin = options.spin;
    engine.zero_copy = options.zero_copy;
    engine.verify_pieces = !options.trust_peers;
    for (std::size_t at = 0; engine.cpus.size() < options.core_threads; ++at)
        engine.cpus.push_back(engine.cpus[at]);
    engine.loopback_only = options.loopback_only;
    engine.secret = context.secret;
    return engine;
}

}  // namespace spate::cli
