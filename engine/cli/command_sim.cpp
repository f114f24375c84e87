#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "engine/cli/choices.hpp"
#include "engine/cli/environment.hpp"
#include "engine/cli/machine.hpp"
#include "engine/cli/scenario_file.hpp"
#include "engine/cli/sim_adversary.hpp"
#include "engine/cli/sim_report.hpp"
#include "engine/cli/sim_runs.hpp"
#include "engine/cli/torrent_maker.hpp"
#include "engine/cli/units.hpp"
#include "engine/sim/distribution.hpp"
#include "engine/sim/experiment_plots.hpp"
#include "engine/sim/sim_node.hpp"

namespace spate::cli {
namespace {

constexpr const char* distribution_name = "distribution";
constexpr std::uint32_t seeds_max = 1'000;

struct Options {
    std::string scenario;
    bool list = false;
    std::uint64_t seed = 1;
    std::uint32_t seeds = 1;
    std::optional<std::uint32_t> peers;
    std::optional<swarm::LeechStrategy> strategy;
    std::optional<swarm::PieceMode> pieces;
    std::optional<std::uint64_t> check_every;
    std::string plots;
    std::vector<unsigned> cpus = available_cpus();
    sim::Distribution distribution{};
    std::uint64_t piece_bytes = 0;
    std::vector<CLI::Option*> distribution_only{};
    AdversaryRequest adversary{};
    std::vector<CLI::Option*> adversary_only{};
};

std::uint32_t failing(Console& console, std::uint64_t seed, const std::string& failure) {
    if (failure.empty()) return 0;
    console.error(fmt::format("seed {}: {}; `--seed {}` replays it", seed, failure, seed), "sim");
    return 1;
}

// --- Distribution

struct DistributionOutcome {
    sim::Distribution asked;
    sim::DistributionRun swarm;
    sim::DistributionRun server;
    double wall_seconds = 0;
};

void run_distribution(DistributionOutcome& outcome, const Context& context,
                      const SimRuns::Progress& progress) {
    const Time start = context.now();
    outcome.swarm =
        sim::run_peer_to_peer(outcome.asked, [&](double done) { return progress(done * 0.9); });
    outcome.server = sim::run_client_server(
        outcome.asked, [&](double done) { return progress(0.9 + done * 0.1); });
    outcome.wall_seconds = to_seconds(context.now() - start);
}

Json distribution_json(const DistributionOutcome& of) {
    return {{"scenario", distribution_name},
            {"seed", of.asked.seed},
            {"trace_hash", format_hash(of.swarm.trace_hash)},
            {"virtual_seconds", of.swarm.virtual_seconds + of.server.virtual_seconds},
            {"wall_seconds", of.wall_seconds},
            {"n", of.asked.peers},
            {"file_bytes", of.asked.file_bytes},
            {"events", of.swarm.events},
            {"p2p_seconds", of.swarm.seconds},
            {"p2p_bound_seconds", sim::peer_to_peer_bound_seconds(of.asked)},
            {"client_server_seconds", of.server.seconds},
            {"client_server_bound_seconds", sim::client_server_bound_seconds(of.asked)}};
}

void say_distribution(const DistributionOutcome& of, Console& console) {
    const auto line = [&](const char* what, double seconds, double bound) {
        console.say(fmt::format("  {:<15} {:>12.1f} s   bound {:>12.1f} s   {:.3f} times the bound",
                                what, seconds, bound, seconds / bound));
    };
    console.say(fmt::format("{} peers, {}, seed {}", of.asked.peers,
                            format_bytes(static_cast<double>(of.asked.file_bytes)), of.asked.seed));
    line("peer to peer", of.swarm.seconds, sim::peer_to_peer_bound_seconds(of.asked));
    line("client-server", of.server.seconds, sim::client_server_bound_seconds(of.asked));
}

int simulate_distribution(const Options& options, Environment& environment) {
    std::vector<DistributionOutcome> outcomes(options.seeds);
    std::vector<SimRuns::Job> jobs;
    for (std::uint32_t i = 0; i < options.seeds; ++i) {
        DistributionOutcome& outcome = outcomes[i];
        outcome.asked = options.distribution;
        outcome.asked.piece_bytes = static_cast<std::uint32_t>(options.piece_bytes);
        outcome.asked.seed = options.seed + i;
        if (options.peers) outcome.asked.peers = *options.peers;
        if (options.check_every) outcome.asked.check_every = *options.check_every;
        jobs.push_back([&outcome, &environment](const SimRuns::Progress& progress) {
            run_distribution(outcome, environment.context, progress);
        });
    }
    if (!SimRuns(environment, distribution_name, static_cast<unsigned>(options.cpus.size()))
             .run(jobs))
        return exit_interrupted;
    std::uint32_t failed = 0;
    for (const DistributionOutcome& outcome : outcomes) {
        failed += failing(environment.console, outcome.asked.seed, outcome.swarm.failure);
        failed += failing(environment.console, outcome.asked.seed, outcome.server.failure);
        say_distribution(outcome, environment.console);
        say_object(distribution_json(outcome), environment.console);
    }
    return failed == 0 ? exit_success : exit_failure;
}

// --- Scenarios

struct Outcome {
    sim::Experiment experiment;
    sim::ExperimentResult result;
    double wall_seconds = 0;
};

/// Classes of downloaders grow or shrink alike, so that all of them together are `peers`.
void scale(sim::Experiment& experiment, std::uint32_t peers) {
    std::uint64_t before = 0;
    for (const sim::PeerClass& of : experiment.classes)
        if (!of.seed && of.honest()) before += of.count;
    for (sim::PeerClass& of : experiment.classes)
        if (!of.seed && of.honest() && before > 0)
            of.count = static_cast<std::uint32_t>(
                std::max<std::uint64_t>(std::uint64_t{of.count} * peers / before, 1));
}

/// What the command line says of all downloaders wins over the scenario.
void apply(const Options& options, sim::Experiment& experiment) {
    if (options.peers) scale(experiment, *options.peers);
    if (options.check_every) experiment.check_every = *options.check_every;
    for (sim::PeerClass& of : experiment.classes) {
        if (of.seed || !of.honest()) continue;
        if (options.strategy) of.leech_strategy = *options.strategy;
        if (options.pieces) of.piece_mode = *options.pieces;
    }
}

bool write_plots(const Options& options, const Outcome& outcome, Console& console) {
    std::filesystem::path folder = options.plots;
    if (options.seeds > 1) folder /= fmt::format("seed-{}", outcome.experiment.seed);
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    for (const sim::NamedPlot& plot : sim::plots_of(outcome.experiment, outcome.result)) {
        const auto path = folder / fmt::format("{}-{}.svg", outcome.experiment.name, plot.name);
        const auto written = write_file(path, std::as_bytes(std::span(plot.svg)));
        if (!written) {
            console.error(written.error(), path.string());
            return false;
        }
        console.say("  " + path.string());
    }
    return true;
}

int simulate_scenario(const Options& options, Environment& environment) {
    Console& console = environment.console;
    auto experiment = load_scenario(options.scenario);
    if (!experiment) {
        console.error(experiment.error(), options.scenario);
        return exit_usage;
    }
    apply(options, *experiment);
    std::vector<Outcome> outcomes(options.seeds);
    std::vector<SimRuns::Job> jobs;
    for (std::uint32_t i = 0; i < options.seeds; ++i) {
        Outcome& outcome = outcomes[i];
        outcome.experiment = *experiment;
        outcome.experiment.seed = options.seed + i;
        jobs.push_back([&outcome, &environment](const SimRuns::Progress& progress) {
            const Time start = environment.context.now();
            outcome.result = sim::run(outcome.experiment, progress);
            outcome.wall_seconds = to_seconds(environment.context.now() - start);
        });
    }
    if (!SimRuns(environment, experiment->name, static_cast<unsigned>(options.cpus.size()))
             .run(jobs))
        return exit_interrupted;
    std::uint32_t failed = 0;
    for (const Outcome& outcome : outcomes) {
        failed += failing(console, outcome.experiment.seed, outcome.result.failure);
        say_result(outcome.experiment, outcome.result, console);
        if (!options.plots.empty() && !write_plots(options, outcome, console)) return exit_failure;
        say_object(result_json(outcome.experiment, outcome.result, outcome.wall_seconds), console);
    }
    return failed == 0 ? exit_success : exit_failure;
}

// --- Command line

void list_scenarios(Console& console) {
    const auto tell = [&](std::string_view name, const std::string& title) {
        console.say(fmt::format("{:<16} {}", name, title));
        console.object({{"scenario", name}, {"title", title}});
    };
    tell(distribution_name, "How long a file takes to reach everybody, against theory");
    tell(adversary_name, "Honest swarms under attack by peers and trackers, drawn from the seed");
    for (const BuiltInScenario& each : built_in_scenarios())
        if (const auto experiment = parse_scenario(each.toml, std::string(each.name)))
            tell(each.name, experiment->title);
}

std::optional<std::string> usage_error(const Options& options) {
    if (options.scenario.empty()) return "name a scenario; `spate sim --list` names those built in";
    if (options.scenario == adversary_name) return std::nullopt;
    for (const CLI::Option* option : options.adversary_only)
        if (option->count() > 0)
            return fmt::format("{} is for the scenario '{}' only", option->get_name(),
                               adversary_name);
    if (options.piece_bytes % block_size_bytes != 0 || options.piece_bytes > (64 << 20))
        return "--piece-size must be a multiple of 16K, at most 64M";
    const sim::Distribution& of = options.distribution;
    if (of.file_bytes == 0 || of.server_up_bytes_per_s == 0 || of.peer_up_bytes_per_s == 0 ||
        of.peer_down_bytes_per_s == 0)
        return "--file, --server-up, --peer-up and --peer-down must be more than zero, and not "
               "unlimited";
    if (options.scenario == distribution_name) {
        if (!options.plots.empty() || options.strategy || options.pieces)
            return "--plots, --strategy and --pieces are for scenarios with classes of peers";
        return std::nullopt;
    }
    for (const CLI::Option* option : options.distribution_only)
        if (option->count() > 0)
            return fmt::format("{} is for the scenario '{}' only; the others say it in their file",
                               option->get_name(), distribution_name);
    return std::nullopt;
}

int simulate(const Options& options, Environment& environment) {
    if (options.list) {
        list_scenarios(environment.console);
        return exit_success;
    }
    if (const auto error = usage_error(options)) {
        environment.console.error(*error, options.scenario);
        return exit_usage;
    }
    if (options.scenario == distribution_name) return simulate_distribution(options, environment);
    if (options.scenario == adversary_name) {
        AdversaryRequest request = options.adversary;
        request.seed = options.seed;
        request.processes = static_cast<unsigned>(options.cpus.size());
        return simulate_adversary(std::move(request), environment);
    }
    return simulate_scenario(options, environment);
}

void add_distribution_options(CLI::App& command, Options& options) {
    sim::Distribution& of = options.distribution;
    auto& list = options.distribution_only;
    list.push_back(add_parsed(command, "--file", of.file_bytes, parse_size,
                              "distribution: the file's size (default: 64M)")
                       ->type_name("SIZE"));
    list.push_back(add_rate(command, "--server-up", of.server_up_bytes_per_s,
                            "distribution: the server's, and first seed's, uplink (default: 4M)"));
    list.push_back(add_rate(command, "--peer-up", of.peer_up_bytes_per_s,
                            "distribution: a peer's uplink (default: 1M)"));
    list.push_back(add_rate(command, "--peer-down", of.peer_down_bytes_per_s,
                            "distribution: a peer's downlink (default: 8M)"));
    list.push_back(add_parsed(command, "--latency", of.latency, parse_duration,
                              "distribution: from a node to the middle of the network "
                              "(default: 10ms)")
                       ->type_name("TIME"));
    list.push_back(add_parsed(command, "--piece-size", options.piece_bytes, parse_size,
                              "distribution: a multiple of 16K (default: about 1000 pieces)")
                       ->type_name("SIZE"));
    list.push_back(command
                       .add_option("--max-peers", of.connections_max,
                                   "distribution: connections of a peer (default: 50)")
                       ->check(CLI::Range(1U, 4'000U))
                       ->type_name("N"));
}

std::expected<std::vector<sim::AttackKind>, std::string> parse_attacks(const std::string& text) {
    std::vector<sim::AttackKind> kinds;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        const std::string name = text.substr(at, end - at);
        const auto kind = sim::attack_kind_of(name);
        if (!kind) return std::unexpected(fmt::format("'{}' is no kind of attack", name));
        kinds.push_back(*kind);
        at = end + 1;
    }
    return kinds;
}

void add_adversary_options(CLI::App& command, Options& options) {
    AdversaryRequest& of = options.adversary;
    auto& list = options.adversary_only;
    list.push_back(
        command.add_option("--rounds", of.rounds, "adversary: so many seeds, from --seed on")
            ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40))
            ->type_name("N"));
    std::string names;
    for (std::size_t i = 0; i < sim::attack_kind_count; ++i)
        names += fmt::format("{}{}", i == 0 ? "" : ", ",
                             sim::shape_of(static_cast<sim::AttackKind>(i)).name);
    list.push_back(add_parsed(command, "--kinds", of.kinds, parse_attacks,
                              "adversary: attacks to draw from, with commas between them: " + names)
                       ->type_name("LIST"));
    list.push_back(command
                       .add_option("--totals", of.totals,
                                   "adversary: go on behind the last seed in this file, and add "
                                   "to its totals")
                       ->check(a_file_to_write())
                       ->type_name("FILE"));
    list.push_back(command.add_flag(
        "--here", of.here, "adversary: in this process, for a debugger; an abort ends it"));
}

}  // namespace

Command add_sim_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("sim", "Swarm experiments in virtual time, with the engine's own code");
    auto options = std::make_shared<Options>();
    command->add_option("SCENARIO", options->scenario,
                        "'distribution', 'adversary', a built-in scenario's name, or a .toml file");
    command->add_flag("--list", options->list, "Name the built-in scenarios");
    command->add_option("--n", options->peers, "Downloaders, all classes together")
        ->check(CLI::Range(1U, sim::nodes_max / 2))
        ->type_name("N");
    command->add_option("--seed", options->seed, "Everything random follows from it (default: 1)")
        ->type_name("S");
    command
        ->add_option("--seeds", options->seeds, "Run so many seeds, from --seed on, on all cores")
        ->check(CLI::Range(1U, seeds_max))
        ->type_name("K");
    add_parsed(
        *command, "--cores", options->cpus,
        [](const std::string& text) { return parse_cores(text, available_cpus()); },
        "Runs side by side: a number, or a list of CPUs (default: all)");
    command->add_option("--plots", options->plots, "Write plots as SVG files into this folder")
        ->type_name("DIR");
    add_parsed(*command, "--strategy", options->strategy, parser_of(leech_strategies),
               "All downloaders choke like this: " + names_of(leech_strategies))
        ->type_name("NAME");
    add_parsed(*command, "--pieces", options->pieces, parser_of(piece_modes),
               "All downloaders pick pieces like this: " + names_of(piece_modes))
        ->type_name("NAME");
    command
        ->add_option("--check", options->check_every,
                     "Check all invariants after one event in K (1: each; slow)")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40))
        ->type_name("K");
    add_distribution_options(*command, *options);
    add_adversary_options(*command, *options);
    command->footer(
        "Ends with a JSON object; the same seed gives the same trace_hash on every machine.\n\n"
        "Example:\n"
        "  spate sim distribution --n 1000 --file 256M --server-up 4M --peer-up 1M --peer-down 8M\n"
        "  spate sim tit-for-tat --seeds 4 --plots plots/");
    return {command,
            [options](Environment& environment) { return simulate(*options, environment); }};
}

}  // namespace spate::cli
