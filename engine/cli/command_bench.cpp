#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stdlib.h>

#include <fmt/format.h>

#include "engine/base/prng.hpp"
#include "engine/cli/child_process.hpp"
#include "engine/cli/environment.hpp"
#include "engine/cli/machine.hpp"
#include "engine/cli/torrent_text.hpp"
#include "engine/cli/units.hpp"

namespace spate::cli {
namespace {

namespace fs = std::filesystem;

constexpr double gibibyte = 1024.0 * 1024 * 1024;

struct Options {
    std::uint64_t size_bytes = 1ULL << 30;
    std::string spin;                 // for both processes
    std::string folder = "/var/tmp";  // /tmp may be memory, where files behave otherwise
};

struct Scenario {
    std::string name;
    std::string seed_cores;
    std::string get_cores;
    std::string piece_size;
};

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

std::vector<Scenario> scenarios() {
    const std::vector<unsigned> cpus = available_cpus();
    const auto only = [](unsigned cpu) { return fmt::format("{0}-{0}", cpu); };
    std::vector<Scenario> list{
        {"1 core each, 256 KiB pieces", only(cpus.front()), only(cpus.back()), "256K"},
        {"1 core each, 4 MiB pieces", only(cpus.front()), only(cpus.back()), "4M"}};
    if (cpus.size() > 1) {
        const std::string all = fmt::format("{}", cpus.size());
        list.push_back({fmt::format("{} cores each, 256 KiB pieces", all), all, all, "256K"});
    }
    return list;
}

bool write_random(const fs::path& path, std::uint64_t size_bytes, std::uint64_t seed,
                  const Signals& signals) {
    std::ofstream file(path, std::ios::binary);
    Prng random(seed);
    std::vector<std::uint64_t> block(1 << 17);
    for (std::uint64_t written = 0; written < size_bytes && file && !signals.interrupted();) {
        for (std::uint64_t& word : block) word = random();
        const std::uint64_t part = std::min<std::uint64_t>(size_bytes - written, block.size() * 8);
        file.write(reinterpret_cast<const char*>(block.data()), static_cast<std::streamsize>(part));
        written += part;
    }
    return file.flush().good();
}

/// Reads a child's lines until the event comes; an empty object when it ends without.
Json read_event(ChildProcess& child, std::string_view event) {
    while (const auto line = child.read_line()) {
        Json json = Json::parse(*line, nullptr, false);
        if (json.is_object() && json.value("event", "") == event) return json;
    }
    return Json::object();
}

double cpu_per_gib(const Json& summary, std::uint64_t bytes) {
    return (summary.value("cpu_user_s", 0.0) + summary.value("cpu_sys_s", 0.0)) * gibibyte /
           static_cast<double>(bytes);
}

/// One transfer between two processes; the error is a sentence.
class ScenarioRun {
public:
    ScenarioRun(const Scenario& scenario, const std::string& spin, const fs::path& data,
                const fs::path& place)
        : scenario_(scenario),
          spin_(spin),
          data_(data),
          torrent_(place / "bench.torrent"),
          out_(place / "got") {}

    std::expected<Json, std::string> run() {
        remove_traces();
        auto seeder = start({"seed", data_, "-o", torrent_, "--piece-size", scenario_.piece_size,
                             "--cores", scenario_.seed_cores});
        if (!seeder) return std::unexpected(seeder.error());
        const Json ready = read_event(*seeder, "ready");
        if (ready.empty()) return std::unexpected("the seed did not start");
        auto getter = start({"get", torrent_, "-o", out_, "--cores", scenario_.get_cores, "--peer",
                             ready["listen"][0]});
        if (!getter) return std::unexpected(getter.error());
        const Json complete = read_event(*getter, "complete");
        const Json get_summary = read_event(*getter, "summary");
        if (const int code = getter->wait(); code != 0 || complete.empty())
            return std::unexpected(fmt::format("the download ended with {}", code));
        seeder->terminate();
        const Json seed_summary = read_event(*seeder, "summary");
        return result(complete, seed_summary, get_summary);
    }

private:
    std::expected<ChildProcess, std::string> start(std::vector<std::string> words) const {
        for (const char* word : {"--json", "--no-tracker", "--sandbox-loopback", "--listen",
                                 "127.0.0.1:0", "--log-level", "error"})
            words.emplace_back(word);
        if (!spin_.empty()) words.insert(words.end(), {"--spin", spin_});
        auto child = ChildProcess::start("/proc/self/exe", words);
        if (!child) return std::unexpected(std::generic_category().message(child.error()));
        return std::move(*child);
    }

    void remove_traces() const {
        std::error_code ignored;
        fs::remove_all(out_, ignored);
        fs::remove(torrent_, ignored);
        fs::remove_all(data_.parent_path() / ".spate", ignored);
    }

    Json result(const Json& complete, const Json& seed, const Json& get) const {
        const auto bytes = complete.value("bytes", std::uint64_t{0});
        const double seconds = complete.value("seconds", 0.0);
        return {{"scenario", scenario_.name},
                {"bytes", bytes},
                {"seconds", seconds},
                {"bytes_per_s", static_cast<double>(bytes) / std::max(seconds, 1e-9)},
                {"seed_cpu_s_per_gib", cpu_per_gib(seed, bytes)},
                {"get_cpu_s_per_gib", cpu_per_gib(get, bytes)},
                {"seed", seed},
                {"get", get}};
    }

    const Scenario& scenario_;
    const std::string spin_;
    const fs::path data_;
    const fs::path torrent_;
    const fs::path out_;
};

void say_result(const Json& result, Console& console) {
    const auto ledger = [&](const char* side, const char* name) {
        return result[side]["ledger"]["total"].value(name, std::uint64_t{0});
    };
    const double mib = result["bytes"].get<double>() / (1024 * 1024);
    console.say(fmt::format(
        "{:<32}{:>8.0f} MB/s   CPU s/GiB: seed {:.2f}, get {:.2f}   calls/MiB: {:.2f}, {:.2f}   "
        "copied bytes/byte: {:.3f}, {:.3f}",
        result["scenario"].get<std::string>(), result["bytes_per_s"].get<double>() / 1e6,
        result["seed_cpu_s_per_gib"].get<double>(), result["get_cpu_s_per_gib"].get<double>(),
        static_cast<double>(ledger("seed", "enter_calls")) / mib,
        static_cast<double>(ledger("get", "enter_calls")) / mib,
        static_cast<double>(ledger("seed", "bytes_copied_user")) / result["bytes"].get<double>(),
        static_cast<double>(ledger("get", "bytes_copied_user")) / result["bytes"].get<double>()));
}

int bench(const Options& options, Environment& environment) {
    Console& console = environment.console;
    const Workplace place(options.folder);
    if (place.path.empty()) {
        console.error(
            fmt::format("cannot make a folder in {}; name another with --dir", options.folder),
            options.folder);
        return exit_failure;
    }
    const fs::path data = place.path / "data" / "bench.bin";
    fs::create_directory(data.parent_path());
    if (!write_random(data, options.size_bytes, environment.context.random_seed,
                      environment.signals)) {
        console.error(
            fmt::format("cannot write {} to {}; name another folder with --dir",
                        format_bytes(static_cast<double>(options.size_bytes)), options.folder),
            options.folder);
        return exit_failure;
    }
    for (const Scenario& scenario : scenarios()) {
        if (environment.signals.wait(Duration::zero())) return exit_interrupted;
        auto result = ScenarioRun(scenario, options.spin, data, place.path).run();
        if (environment.signals.wait(Duration::zero())) return exit_interrupted;
        if (!result) {
            console.error(fmt::format("{}: {}", scenario.name, result.error()), scenario.name);
            return exit_failure;
        }
        console.event("bench", *result);
        say_result(*result, console);
    }
    return exit_success;
}

}  // namespace

Command add_bench_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("bench", "Measure this machine and this engine, without a network");
    auto options = std::make_shared<Options>();
    add_parsed(*command, "--size", options->size_bytes, parse_size,
               "How much to transfer (default: 1G)")
        ->type_name("SIZE");
    command
        ->add_option("--dir", options->folder,
                     "Where twice as much fits for a while (default: /var/tmp)")
        ->type_name("DIR");
    command->add_option("--spin", options->spin, "As for seed and get, for both")
        ->type_name("TIME");
    command->footer(
        "One process seeds to another over loopback; one line a scenario.\n\nExample:\n"
        "  spate bench --size 2G");
    return {command, [options](Environment& environment) { return bench(*options, environment); }};
}

}  // namespace spate::cli
