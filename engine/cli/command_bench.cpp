#include <algorithm>
#include <filesystem>
#include <memory>
#include <stdlib.h>
#include <sys/resource.h>

#include <fmt/format.h>

#include "engine/cli/bench_report.hpp"
#include "engine/cli/environment.hpp"
#include "engine/cli/machine.hpp"
#include "engine/swarm/piece_table.hpp"

namespace spate::cli {
namespace {

namespace fs = std::filesystem;

/// Descriptors that are no peers': files, rings, the standard streams.
constexpr std::uint64_t other_descriptors = 128;

/// A folder that goes away again.
class Workplace {
public:
    explicit Workplace(const fs::path& parent) {
        std::string name = (parent / "spate-bench-XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) path = name;
    }
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;
    ~Workplace() {
        std::error_code ignored;
        if (!path.empty()) fs::remove_all(path, ignored);
    }

    fs::path path;  // empty: it can't be made
};

/// How many connections one process may have, after the limit was raised as far as allowed.
std::uint32_t peers_that_fit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    // Both ends of a limit's connections are in this process.
    const std::uint64_t fit = limit.rlim_cur / 2;
    return static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(fit, other_descriptors + 1, 1 << 20) - other_descriptors);
}

BenchCpus choose_cpus(Console& console) {
    const std::vector<unsigned> cpus = available_cpus();
    if (cpus.size() == 1)
        console.warning(
            "one CPU only: the engine and its other end share it, and the rates say little");
    return {.engine = cpus.front(), .other = cpus.back()};
}

void warn_of_missing_descriptors(const BenchOptions& options, std::uint32_t fit, Console& console) {
    const auto wanted = bench_scenarios(options, ~std::uint32_t{0});
    const auto most = std::ranges::max(wanted, {}, &BenchScenario::peers).peers;
    if (most > fit)
        console.warning(
            fmt::format("{} peers take more open files than this process may have: {} "
                        "fit; raise `ulimit -Hn` for more",
                        most, fit));
}

int bench(const BenchOptions& options, Environment& environment) {
    Console& console = environment.console;
    const Workplace place(options.folder);
    if (place.path.empty()) {
        console.error(
            fmt::format("cannot make a folder in {}; name another with --dir", options.folder),
            options.folder);
        return exit_failure;
    }
    const std::uint32_t fit = peers_that_fit();
    warn_of_missing_descriptors(options, fit, console);
    const auto scenarios = bench_scenarios(options, fit);
    BenchRunner runner(options, choose_cpus(console), place.path, environment.context.secret(),
                       environment.signals);
    const bool with_file = !std::ranges::all_of(scenarios, &BenchScenario::downloads);
    if (const auto prepared = runner.prepare(with_file); !prepared) {
        console.error(prepared.error(), options.folder);
        return exit_failure;
    }
    console.say(bench_heading());
    for (const BenchScenario& scenario : scenarios) {
        std::vector<BenchSample> samples;
        for (std::uint32_t run = 0; run < options.runs; ++run) {
            auto sample = runner.run(scenario);
            if (environment.signals.wait(Duration::zero())) return exit_interrupted;
            if (!sample) {
                console.error(sample.error(), std::string(name_of(scenario.kind)));
                return exit_failure;
            }
            samples.push_back(std::move(*sample));
        }
        console.event("bench", bench_json(scenario, samples));
        console.say(bench_line(scenario, samples));
    }
    return exit_success;
}

void add_options(CLI::App& command, BenchOptions& options) {
    add_parsed(command, "--scenario", options.kinds, parse_bench_kinds,
               "Of seed, cold (from the disk), download, unverified (download without hashing), or "
               "all (default: seed,download)")
        ->type_name("NAMES");
    add_parsed(command, "--peers", options.peers, parse_peer_counts,
               "Peers or sources, such as 1,100 (default: up to 4096 leechers, 500 sources)")
        ->type_name("N,N...");
    add_parsed(command, "--runs", options.runs, parse_count, "Runs of which the median counts (3)")
        ->type_name("N");
    add_parsed(command, "--seconds", options.time, parse_duration,
               "Time of a run that has no end of its own (2)")
        ->type_name("TIME");
    add_parsed(command, "--size", options.size_bytes, parse_size,
               "How much is seeded from, or downloaded (default: 1G)")
        ->type_name("SIZE");
    add_parsed(command, "--piece-size", options.piece_length_bytes, parse_bench_piece_size,
               "Of the torrent (default: 256K)")
        ->type_name("SIZE");
    command
        .add_option("--dir", options.folder,
                    "Where twice as much fits for a while (default: /var/tmp)")
        ->type_name("DIR");
    command
        .add_option("--core-threads", options.core_threads,
                    "Core threads of the engine, all on its one CPU: what CPU time more of them "
                    "take (1)")
        ->check(CLI::Range(1U, swarm::cores_max))
        ->type_name("N");
    command.add_option("--spin", options.spin, "As for seed and get")->type_name("TIME");
}

}  // namespace

Command add_bench_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("bench", "Measure this engine on this machine, without a network");
    auto options = std::make_shared<BenchOptions>();
    add_options(*command, *options);
    command->footer(
        "The engine runs on one CPU, a synthetic other end that costs less on another: leechers "
        "that throw away what they get, sources that answer from one buffer. One line a scenario, "
        "medians: bytes per second beside what bare sends and receives of the same size reach "
        "(limit, %) and what bare writes of pieces reach (disk, %), CPU seconds of the engine per "
        "GiB, io_uring system calls per MiB, bytes that "
        "user code copied and bytes read from disks per byte moved, and the CPU time that the "
        "hypervisor stole meanwhile.\n\nExamples:\n"
        "  spate bench\n"
        "  spate bench --scenario seed --peers 100 --runs 5 --json");
    return {command, [options](Environment& environment) { return bench(*options, environment); }};
}

}  // namespace spate::cli
