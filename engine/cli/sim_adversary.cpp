#include "engine/cli/sim_adversary.hpp"

#include <algorithm>
#include <optional>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/cli/adversary_totals.hpp"
#include "engine/cli/child_process.hpp"
#include "engine/cli/sim_report.hpp"
#include "engine/sim/adversary/adversary.hpp"

namespace spate::cli {
namespace {

/// Seeds that a child runs before the totals are written.
constexpr std::uint64_t batch_seeds = 20;
/// Who runs longer hangs; SIGALRM ends it.
constexpr unsigned seed_seconds_max = 300;

std::vector<std::string> names_of(const std::vector<sim::AttackKind>& kinds) {
    std::vector<std::string> names;
    for (const sim::AttackKind kind : kinds) names.emplace_back(sim::shape_of(kind).name);
    return names;
}

Json result_json(const sim::AdversaryResult& of, double wall_seconds) {
    return {{"scenario", adversary_name},
            {"seed", of.seed},
            {"trace_hash", format_hash(of.trace_hash)},
            {"virtual_seconds", of.virtual_seconds},
            {"wall_seconds", wall_seconds},
            {"swarm", of.swarm},
            {"kinds", of.kinds},
            {"events", of.events},
            {"calm_seconds", of.calm_seconds},
            {"attacked_seconds", of.attacked_seconds},
            {"slowdown_max", of.slowdown_max},
            {"hostile_bytes", of.hostile_bytes},
            {"hostile_connections", of.hostile_connections},
            {"held_bytes_max", of.burden.held_bytes},
            {"letters_max", of.burden.letters},
            {"outputs_max", of.burden.outputs},
            {"work_ns_per_byte", of.work_ns_per_byte},
            {"failure", of.failure}};
}

class Runner {
public:
    Runner(const AdversaryRequest& request, Environment& environment)
        : request_(request), environment_(environment) {}

    void run_here(std::uint64_t seed, std::uint64_t count);
    /// In children; in the order of the seeds.
    std::vector<Json> run_batches(std::uint64_t seed, std::uint64_t count);
    void tell(const Json& run);
    std::uint64_t failed() const { return failed_; }

private:
    std::vector<std::string> arguments(std::uint64_t seed, std::uint64_t count) const;
    std::vector<Json> run_batch(std::uint64_t seed, std::uint64_t count) const;
    std::string replay(std::uint64_t seed) const;

    const AdversaryRequest& request_;
    Environment& environment_;
    std::uint64_t failed_ = 0;
};

std::string Runner::replay(std::uint64_t seed) const {
    const auto kinds = names_of(request_.kinds);
    return fmt::format("spate sim {} --seed {}{}{}", adversary_name, seed,
                       kinds.empty() ? "" : " --kinds ", fmt::join(kinds, ","));
}

void Runner::tell(const Json& run) {
    environment_.console.object(run);
    const std::string failure = run.value("failure", "");
    if (failure.empty()) return;
    ++failed_;
    const auto seed = run["seed"].get<std::uint64_t>();
    environment_.console.error(
        fmt::format("seed {}: {}; `{}` replays it", seed, failure, replay(seed)), "sim");
}

void Runner::run_here(std::uint64_t seed, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count && !environment_.signals.wait(Duration{}); ++i) {
        ::alarm(seed_seconds_max);
        const Time start = environment_.context.now();
        sim::AdversaryOptions options{.seed = seed + i, .kinds = request_.kinds};
        options.cpu_ns = environment_.context.thread_cpu_ns;
        const sim::AdversaryResult result = sim::run_adversary(options);
        tell(result_json(result, to_seconds(environment_.context.now() - start)));
    }
    ::alarm(0);
}

std::vector<std::string> Runner::arguments(std::uint64_t seed, std::uint64_t count) const {
    std::vector<std::string> words{"sim",         adversary_name,
                                   "--json",      "--here",
                                   "--log-level", "off",
                                   "--seed",      fmt::format("{}", seed),
                                   "--rounds",    fmt::format("{}", count)};
    const auto kinds = names_of(request_.kinds);
    if (!kinds.empty()) {
        words.emplace_back("--kinds");
        words.push_back(fmt::format("{}", fmt::join(kinds, ",")));
    }
    return words;
}

/// What a child didn't live to say is that seed's failure, and another child goes on behind it.
std::vector<Json> Runner::run_batch(std::uint64_t seed, std::uint64_t count) const {
    std::vector<Json> runs;
    while (runs.size() < count) {
        auto child = ChildProcess::start("/proc/self/exe",
                                         arguments(seed + runs.size(), count - runs.size()));
        if (!child) return runs;
        while (const auto line = child->read_line()) {
            Json run = Json::parse(*line, nullptr, false);
            if (run.is_object() && run.contains("trace_hash")) runs.push_back(std::move(run));
        }
        const int code = child->wait();
        if (runs.size() < count)
            runs.push_back({{"scenario", adversary_name},
                            {"seed", seed + runs.size()},
                            {"failure", code > 128 ? fmt::format("signal {} ended it", code - 128)
                                                   : fmt::format("it ended with {}", code)}});
    }
    return runs;
}

std::vector<Json> Runner::run_batches(std::uint64_t seed, std::uint64_t count) {
    const std::uint64_t lanes = std::clamp<std::uint64_t>(request_.processes, 1, count);
    std::vector<std::vector<Json>> of_lane(lanes);
    {
        std::vector<std::jthread> threads;
        for (std::uint64_t lane = 0; lane < lanes; ++lane)
            threads.emplace_back([&, lane] {
                const std::uint64_t from = count * lane / lanes;
                of_lane[lane] = run_batch(seed + from, count * (lane + 1) / lanes - from);
            });
    }
    std::vector<Json> runs;
    for (auto& lane : of_lane) std::ranges::move(lane, std::back_inserter(runs));
    return runs;
}

void say_totals(const Json& totals, Console& console) {
    console.object(totals);
    console.say(fmt::format("{} seeds from {} on, {} failed", totals["rounds"].get<std::uint64_t>(),
                            totals["first_seed"].get<std::uint64_t>(),
                            totals["failed"].get<std::uint64_t>()));
    for (const Json& one : totals["failing"])
        console.say(fmt::format("  seed {}: {}", one["seed"].get<std::uint64_t>(),
                                one["failure"].get<std::string>()));
}

}  // namespace

int simulate_adversary(AdversaryRequest request, Environment& environment) {
    Console& console = environment.console;
    Runner runner(request, environment);
    if (request.here) {
        runner.run_here(request.seed, request.rounds);
        return runner.failed() == 0 ? exit_success : exit_failure;
    }
    auto totals = AdversaryTotals::read(request.totals, request.seed, names_of(request.kinds));
    if (!totals) {
        console.error(totals.error(), request.totals);
        return exit_usage;
    }
    for (std::uint64_t done = 0; done < request.rounds;) {
        const std::uint64_t count =
            std::min(request.rounds - done, batch_seeds * request.processes);
        const auto runs = runner.run_batches(totals->next_seed(), count);
        if (environment.signals.wait(Duration{})) return exit_interrupted;
        if (runs.size() < count) {
            console.error("cannot start this program once more", "sim");
            return exit_failure;
        }
        for (const Json& run : runs) {
            runner.tell(run);
            totals->add(run);
        }
        done += count;
        if (request.totals.empty()) continue;
        if (const auto written = totals->write(request.totals); !written) {
            console.error(written.error(), request.totals);
            return exit_failure;
        }
    }
    say_totals(totals->json(), console);
    return runner.failed() == 0 ? exit_success : exit_failure;
}

}  // namespace spate::cli
