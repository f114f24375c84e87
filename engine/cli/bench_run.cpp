#include "engine/cli/bench_run.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/cli/proc_figures.hpp"
#include "engine/synthetic/cpu.hpp"
#include "engine/synthetic/disk_limit.hpp"
#include "engine/synthetic/sink.hpp"
#include "engine/synthetic/source.hpp"

namespace spate::cli {
namespace {

namespace fs = std::filesystem;

constexpr double mebibyte = 1024.0 * 1024;
constexpr double gibibyte = 1024 * mebibyte;
constexpr Duration warm_up = 300ms;
constexpr Duration patience = 120s;  // of a transfer that has an end of its own
/// A single peer needs more to never wait; many have enough together.
constexpr std::uint32_t depth_of_few_blocks = 256;
constexpr std::uint32_t depth_of_many_blocks = 64;

double per(double amount, double of) {
    return of > 0 ? amount / of : 0;
}

BenchFigures figures(double bytes, double seconds, double cpu_s) {
    return {.bytes_per_s = per(bytes, seconds), .cpu_s_per_gib = per(cpu_s * gibibyte, bytes)};
}

BenchFigures figures(const synthetic::LimitResult& result) {
    return figures(static_cast<double>(result.bytes), result.seconds, result.cpu_s);
}

/// Reads a child's lines until the event comes; an empty object when it ends without.
Json read_event(ChildProcess& child, std::string_view event) {
    while (const auto line = child.read_line()) {
        Json json = Json::parse(*line, nullptr, false);
        if (json.is_object() && json.value("event", "") == event) return json;
    }
    return Json::object();
}

/// What the engine's own account adds to a sample.
void add_ledger(BenchSample& sample, const Json& summary) {
    const Json total = summary["ledger"]["total"];
    const auto number = [&](const Json& from, const char* name) {
        return static_cast<double>(from.value(name, std::uint64_t{0}));
    };
    const double moved = number(summary, "bytes_up") + number(summary, "bytes_down");
    sample.enter_calls_per_mib = per(number(total, "enter_calls") * mebibyte, moved);
    sample.copied_bytes_per_byte = per(number(total, "bytes_copied_user"), moved);
    sample.peak_rss_bytes = summary.value("peak_rss_bytes", std::uint64_t{0});
    sample.ledger = total;
}

/// The file's pages leave the cache, as far as nobody has mapped them.
void make_cold(const fs::path& path) {
    const io::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    ::fsync(file.get());
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
}

}  // namespace

BenchRunner::BenchRunner(const BenchOptions& options, const BenchCpus& cpus, fs::path folder,
                         std::uint64_t random_seed, Signals& signals)
    : options_(options),
      cpus_(cpus),
      folder_(std::move(folder)),
      signals_(signals),
      content_(synthetic::make_content(
          options.size_bytes, static_cast<std::uint32_t>(options.piece_length_bytes), random_seed)),
      next_seed_(random_seed) {}

bool BenchRunner::stopped() const {
    return signals_.wait(Duration::zero());
}

std::expected<void, std::string> BenchRunner::prepare(bool with_file) {
    std::ofstream file(torrent(), std::ios::binary);
    file.write(reinterpret_cast<const char*>(content_.torrent_bytes.data()),
               static_cast<std::streamsize>(content_.torrent_bytes.size()));
    if (file.flush().good() && (!with_file || synthetic::write_content(content_, folder_)))
        return {};
    return std::unexpected(fmt::format("cannot write {} to {}; name another folder with --dir",
                                       format_bytes(static_cast<double>(options_.size_bytes)),
                                       options_.folder));
}

std::expected<BenchSample, std::string> BenchRunner::run(const BenchScenario& scenario) {
    ++next_seed_;
    const MachineTicks before = machine_ticks();
    const auto bare = limit(scenario);
    if (!bare) return std::unexpected(bare.error());
    const auto disk = scenario.downloads() ? disk_limit() : BenchFigures{};
    if (!disk) return std::unexpected(disk.error());
    auto sample = scenario.downloads() ? download(scenario) : seed(scenario);
    if (!sample) return sample;
    sample->limit = *bare;
    sample->disk = *disk;
    sample->steal_percent = steal_percent(before, machine_ticks());
    return sample;
}

synthetic::LimitOptions BenchRunner::limit_options(std::uint32_t connections) const {
    return {.connections = connections,
            .measured_cpu = cpus_.engine,
            .other_cpu = cpus_.other,
            .warm_up = warm_up,
            .time = options_.time,
            .random_seed = next_seed_,
            .stop = [this] { return stopped(); }};
}

std::expected<BenchFigures, std::string> BenchRunner::limit(const BenchScenario& scenario) const {
    const synthetic::LimitOptions options = limit_options(scenario.peers);
    const auto result = [&] {
        if (scenario.downloads()) return synthetic::measure_receive_limit(content_, options);
        if (scenario.kind == BenchKind::seed) return synthetic::measure_send_limit(file(), options);
        return synthetic::measure_read_limit(file(), content_.piece_length_bytes(), options);
    }();
    if (!result) return std::unexpected(result.error());
    return figures(*result);
}

std::expected<BenchFigures, std::string> BenchRunner::disk_limit() const {
    const auto result =
        synthetic::measure_write_limit(folder_ / "disk-limit", options_.size_bytes,
                                       content_.piece_length_bytes(), limit_options(1));
    if (!result) return std::unexpected(result.error());
    return figures(*result);
}

std::expected<ChildProcess, std::string> BenchRunner::start(const BenchScenario& scenario,
                                                            std::vector<std::string> words) const {
    for (const std::string& word :
         {std::string("--json"), std::string("--no-tracker"), std::string("--sandbox-loopback"),
          std::string("--listen"), std::string("127.0.0.1:0"), std::string("--log-level"),
          std::string("error"), std::string("--max-peers"), std::to_string(scenario.peers + 64),
          std::string("--bench-core-threads"), std::to_string(options_.core_threads)})
        words.push_back(word);
    if (!options_.spin.empty()) words.insert(words.end(), {"--spin", options_.spin});
    synthetic::stay_on_cpu(cpus_.engine);  // which the child inherits
    auto child = ChildProcess::start("/proc/self/exe", words);
    synthetic::stay_on_cpu(cpus_.other);
    if (!child) return std::unexpected(std::generic_category().message(child.error()));
    return std::move(*child);
}

std::expected<BenchSample, std::string> BenchRunner::seed(const BenchScenario& scenario) {
    auto engine =
        start(scenario, {"seed", torrent(), "--data", folder_, "--upload-slots", "unlimited"});
    if (!engine) return std::unexpected(engine.error());
    const Json ready = read_event(*engine, "ready");
    if (ready.empty()) return std::unexpected("the seed did not start");
    const bool cold = scenario.kind == BenchKind::cold;
    if (cold) make_cold(file());
    const auto stop = [this] { return stopped(); };
    auto sink = synthetic::Sink::connect(
        {.connect = {.to = Endpoint::parse(ready["listen"][0].get<std::string>()).value(),
                     .count = scenario.peers},
         .info_hash = content_.torrent.info_hash,
         .piece_count = content_.piece_count(),
         .piece_length_bytes = content_.piece_length_bytes(),
         .depth_blocks = scenario.peers < 16 ? depth_of_few_blocks : depth_of_many_blocks,
         .each_piece_once = cold,
         .random_seed = next_seed_});
    if (!sink) return std::unexpected(sink.error());
    const pid_t pid = ready["pid"];
    io::Clock clock;
    if (!cold) {
        sink->wait_until_unchoked(scenario.peers, patience, stop);
        sink->run_for(warm_up, stop);
    }
    const std::uint64_t bytes_before = sink->received_bytes();
    const double cpu_before_s = process_cpu_s(pid);
    const auto device_bytes = [&] {
        return static_cast<double>(proc_number(fmt::format("/proc/{}/io", pid), "read_bytes: "));
    };
    const double device_before = device_bytes();  // the seed may have checked its data
    const Time started = clock.refresh();
    sink->run_for(cold ? patience : options_.time, stop);
    const double seconds = to_seconds(clock.refresh() - started);
    const double cpu_s = process_cpu_s(pid) - cpu_before_s;
    const double bytes = static_cast<double>(sink->received_bytes() - bytes_before);
    if (sink->closed() != 0)
        return std::unexpected(
            fmt::format("the engine closed {} of {} connections", sink->closed(), scenario.peers));
    BenchSample sample{.engine = figures(bytes, seconds, cpu_s)};
    sample.device_bytes_per_byte = per(device_bytes() - device_before, bytes);
    engine->terminate();
    add_ledger(sample, read_event(*engine, "summary"));
    return sample;
}

std::expected<BenchSample, std::string> BenchRunner::download(const BenchScenario& scenario) {
    const fs::path out = folder_ / "got";
    std::error_code ignored;
    fs::remove_all(out, ignored);
    std::vector<std::string> words{"get", torrent(), "-o", out};
    if (scenario.kind == BenchKind::unverified) words.emplace_back("--bench-trust-peers");
    auto engine = start(scenario, std::move(words));
    if (!engine) return std::unexpected(engine.error());
    const Json ready = read_event(*engine, "ready");
    if (ready.empty()) return std::unexpected("the download did not start");
    const double cpu_before_s = process_cpu_s(ready["pid"]);
    auto source = synthetic::Source::connect(
        {.connect = {.to = Endpoint::parse(ready["listen"][0].get<std::string>()).value(),
                     .count = scenario.peers}},
        content_);
    if (!source) return std::unexpected(source.error());
    source->run_for(patience, [this] { return stopped(); });
    if (stopped()) engine->terminate();  // it would wait for what the source no longer sends
    const Json complete = read_event(*engine, "complete");
    const Json summary = read_event(*engine, "summary");
    if (const int code = engine->wait(); code != 0 || complete.empty())
        return std::unexpected(fmt::format("the download ended with {}", code));
    const double cpu_s =
        summary.value("cpu_user_s", 0.0) + summary.value("cpu_sys_s", 0.0) - cpu_before_s;
    BenchSample sample{.engine = figures(complete["bytes"], complete["seconds"], cpu_s)};
    add_ledger(sample, summary);
    fs::remove_all(out, ignored);
    return sample;
}

}  // namespace spate::cli
