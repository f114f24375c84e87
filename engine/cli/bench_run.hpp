#pragma once
// engine/cli/bench_run.hpp: one transfer between the engine and a synthetic end, and its limit.
#include <expected>
#include <filesystem>
#include <string>

#include "engine/cli/bench_options.hpp"
#include "engine/cli/child_process.hpp"
#include "engine/cli/console.hpp"
#include "engine/cli/signals.hpp"
#include "engine/synthetic/content.hpp"
#include "engine/synthetic/limit.hpp"

namespace spate::cli {

/// What a run moved, and what that cost.
struct BenchFigures {
    double bytes_per_s = 0;
    double cpu_s_per_gib = 0;
};

struct BenchSample {
    BenchFigures engine;
    BenchFigures limit{};
    BenchFigures disk{};  // of a download: bare writes
    double enter_calls_per_mib = 0;
    double copied_bytes_per_byte = 0;
    double device_bytes_per_byte = 0;  // read from disks for what was sent
    double steal_percent = 0;
    std::uint64_t peak_rss_bytes = 0;
    Json ledger{};
};

/// Where the two ends run. The same CPU where there is one only.
struct BenchCpus {
    unsigned engine = 0;
    unsigned other = 0;
};

/// Measures scenarios on one content in one folder. The engine is another process of this program,
/// all of it on one CPU; the synthetic end is the calling thread, on the other. Both alternate with
/// their limit. Errors are sentences. Owned by the command; one thread.
class BenchRunner {
public:
    /// `folder` is empty and stays the caller's to remove.
    BenchRunner(const BenchOptions& options, const BenchCpus& cpus, std::filesystem::path folder,
                std::uint64_t random_seed, Signals& signals);

    std::expected<void, std::string> prepare(bool with_file);
    std::expected<BenchSample, std::string> run(const BenchScenario& scenario);

private:
    std::expected<BenchFigures, std::string> limit(const BenchScenario& scenario) const;
    std::expected<BenchFigures, std::string> disk_limit() const;
    synthetic::LimitOptions limit_options(std::uint32_t connections) const;
    std::expected<BenchSample, std::string> seed(const BenchScenario& scenario);
    std::expected<BenchSample, std::string> download(const BenchScenario& scenario);
    std::expected<ChildProcess, std::string> start(const BenchScenario& scenario,
                                                   std::vector<std::string> words) const;
    std::filesystem::path file() const { return folder_ / content_.torrent.name; }
    std::filesystem::path torrent() const { return folder_ / "bench.torrent"; }
    bool stopped() const;

    const BenchOptions& options_;
    const BenchCpus cpus_;
    const std::filesystem::path folder_;
    Signals& signals_;
    synthetic::Content content_;
    std::uint64_t next_seed_;
};

}  // namespace spate::cli
