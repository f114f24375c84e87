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

/// The medians of all runs; the ratio is that of each run's own limit.
struct Medians {
    explicit Medians(std::span<const BenchSample> samples)
        : engine{.bytes_per_s =
                     median(samples, [](const auto& one) { return one.engine.bytes_per_s; }),
                 .cpu_s_per_gib =
                     median(samples, [](const auto& one) { return one.engine.cpu_s_per_gib; })},
          limit{
              .bytes_per_s = median(samples, [](const auto& one) { return one.limit.bytes_per_s; }),
              .cpu_s_per_gib =
                  median(samples, [](const auto& one) { return one.limit.cpu_s_per_gib; })},
          ratio(median(samples,
                       [](const auto& one) {
                           return one.limit.bytes_per_s > 0
                                      ? one.engine.bytes_per_s / one.limit.bytes_per_s
                                      : 0;
                       })),
          calls(median(samples, &BenchSample::enter_calls_per_mib)),
          copied(median(samples, &BenchSample::copied_bytes_per_byte)),
          device(median(samples, &BenchSample::device_bytes_per_byte)),
          steal(median(samples, &BenchSample::steal_percent)) {}

    BenchFigures engine;
    BenchFigures limit;
    double ratio;
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
            {"enter_calls_per_mib", sample.enter_calls_per_mib},
            {"copied_bytes_per_byte", sample.copied_bytes_per_byte},
            {"device_bytes_per_byte", sample.device_bytes_per_byte},
            {"steal_percent", sample.steal_percent},
            {"peak_rss_bytes", sample.peak_rss_bytes},
            {"ledger", sample.ledger}};
}

constexpr std::string_view heading_format =
    "{:<11}{:>6}{:>9}{:>9}{:>7}{:>9}{:>9}{:>11}{:>9}{:>8}{:>8}";

}  // namespace

std::string bench_heading() {
    return fmt::format(fmt::runtime(heading_format), "scenario", "peers", "MB/s", "limit", "%",
                       "s/GiB", "limit", "calls/MiB", "copied", "device", "steal %");
}

std::string bench_line(const BenchScenario& scenario, std::span<const BenchSample> samples) {
    const Medians all(samples);
    return fmt::format(
        "{:<11}{:>6}{:>9.0f}{:>9.0f}{:>7.0f}{:>9.2f}{:>9.2f}{:>11.2f}{:>9.3f}"
        "{:>8.2f}{:>8.1f}",
        name_of(scenario.kind), scenario.peers, all.engine.bytes_per_s / 1e6,
        all.limit.bytes_per_s / 1e6, all.ratio * 100, all.engine.cpu_s_per_gib,
        all.limit.cpu_s_per_gib, all.calls, all.copied, all.device, all.steal);
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
              {"enter_calls_per_mib", all.calls},
              {"copied_bytes_per_byte", all.copied},
              {"device_bytes_per_byte", all.device},
              {"steal_percent", all.steal},
              {"runs", Json::array()}};
    for (const BenchSample& sample : samples) json["runs"].push_back(sample_json(sample));
    return json;
}

}  // namespace spate::cli
