#include "engine/cli/bench_report.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include <fmt/format.h>

namespace spate::cli {
namespace {

template <class Value>
double median(std::span<const BenchSample> samples, Value value) {
    std::vector<double> values;
    for (const BenchSample& sample : samples) values.push_back(std::invoke(value, sample));
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

BenchFigures median_figures(std::span<const BenchSample> samples, BenchFigures BenchSample::* of) {
    return {.bytes_per_s =
                median(samples, [&](const BenchSample& one) { return (one.*of).bytes_per_s; }),
            .cpu_s_per_gib =
                median(samples, [&](const BenchSample& one) { return (one.*of).cpu_s_per_gib; })};
}

/// How much of a limit the engine reached, each run beside its own.
double median_ratio(std::span<const BenchSample> samples, BenchFigures BenchSample::* limit) {
    return median(samples, [&](const BenchSample& one) {
        const double most = (one.*limit).bytes_per_s;
        return most > 0 ? one.engine.bytes_per_s / most : 0;
    });
}

/// The medians of all runs.
struct Medians {
    explicit Medians(std::span<const BenchSample> samples)
        : engine(median_figures(samples, &BenchSample::engine)),
          limit(median_figures(samples, &BenchSample::limit)),
          ratio(median_ratio(samples, &BenchSample::limit)),
          disk(median_figures(samples, &BenchSample::disk)),
          disk_ratio(median_ratio(samples, &BenchSample::disk)),
          calls(median(samples, &BenchSample::enter_calls_per_mib)),
          copied(median(samples, &BenchSample::copied_bytes_per_byte)),
          device(median(samples, &BenchSample::device_bytes_per_byte)),
          steal(median(samples, &BenchSample::steal_percent)) {}

    BenchFigures engine;
    BenchFigures limit;
    double ratio;
    BenchFigures disk;  // zeros unless it is a download
    double disk_ratio;
    double calls;
    double copied;
    double device;
    double steal;
};

Json sample_json(const BenchSample& sample) {
    return {{"bytes_per_s", sample.engine.bytes_per_s},
            {"cpu_s_per_gib", sample.engine.cpu_s_per_gib},
            {"limit_bytes_per_s", sample.limit.bytes_per_s},
            {"limit_cpu_s_per_gib", sample.limit.cpu_s_per_gib},
            {"disk_bytes_per_s", sample.disk.bytes_per_s},
            {"disk_cpu_s_per_gib", sample.disk.cpu_s_per_gib},
            {"enter_calls_per_mib", sample.enter_calls_per_mib},
            {"copied_bytes_per_byte", sample.copied_bytes_per_byte},
            {"device_bytes_per_byte", sample.device_bytes_per_byte},
            {"steal_percent", sample.steal_percent},
            {"peak_rss_bytes", sample.peak_rss_bytes},
            {"ledger", sample.ledger}};
}

constexpr std::string_view row_format =
    "{:<11}{:>6}{:>8}{:>7}{:>5}{:>7}{:>5}{:>7}{:>7}{:>6}{:>11}{:>8}{:>8}{:>9}";

/// A figure in its column, or that the scenario has none.
std::string cell(double value, int decimals, bool is_there = true) {
    return is_there ? fmt::format("{:.{}f}", value, decimals) : "-";
}

}  // namespace

std::string bench_heading() {
    return fmt::format(row_format, "scenario", "peers", "MB/s", "limit", "%", "disk", "%", "s/GiB",
                       "limit", "disk", "calls/MiB", "copied", "device", "steal %");
}

std::string bench_line(const BenchScenario& scenario, std::span<const BenchSample> samples) {
    const Medians all(samples);
    const bool writes = scenario.downloads();
    return fmt::format(row_format, name_of(scenario.kind), scenario.peers,
                       cell(all.engine.bytes_per_s / 1e6, 0), cell(all.limit.bytes_per_s / 1e6, 0),
                       cell(all.ratio * 100, 0), cell(all.disk.bytes_per_s / 1e6, 0, writes),
                       cell(all.disk_ratio * 100, 0, writes), cell(all.engine.cpu_s_per_gib, 2),
                       cell(all.limit.cpu_s_per_gib, 2), cell(all.disk.cpu_s_per_gib, 2, writes),
                       cell(all.calls, 2), cell(all.copied, 3), cell(all.device, 2, !writes),
                       cell(all.steal, 1));
}

Json bench_json(const BenchScenario& scenario, std::span<const BenchSample> samples) {
    const Medians all(samples);
    Json json{{"scenario", name_of(scenario.kind)},
              {"peers", scenario.peers},
              {"bytes_per_s", all.engine.bytes_per_s},
              {"limit_bytes_per_s", all.limit.bytes_per_s},
              {"ratio", all.ratio},
              {"cpu_s_per_gib", all.engine.cpu_s_per_gib},
              {"limit_cpu_s_per_gib", all.limit.cpu_s_per_gib},
              {"disk_bytes_per_s", all.disk.bytes_per_s},
              {"disk_ratio", all.disk_ratio},
              {"disk_cpu_s_per_gib", all.disk.cpu_s_per_gib},
              {"enter_calls_per_mib", all.calls},
              {"copied_bytes_per_byte", all.copied},
              {"device_bytes_per_byte", all.device},
              {"steal_percent", all.steal},
              {"runs", Json::array()}};
    for (const BenchSample& sample : samples) json["runs"].push_back(sample_json(sample));
    return json;
}

}  // namespace spate::cli
