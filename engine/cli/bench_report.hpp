#pragma once
// engine/cli/bench_report.hpp: runs of a scenario as one line, for people and for scripts.
#include <span>
#include <string>

#include "engine/cli/bench_run.hpp"

namespace spate::cli {

/// The columns' names.
std::string bench_heading();
/// Medians of at least one run.
std::string bench_line(const BenchScenario& scenario, std::span<const BenchSample> samples);
Json bench_json(const BenchScenario& scenario, std::span<const BenchSample> samples);

}  // namespace spate::cli
