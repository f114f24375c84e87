#pragma once
// engine/cli/sim_report.hpp: what `sim` says of its experiments.
#include <cstdint>
#include <string>

#include "engine/cli/console.hpp"
#include "engine/sim/experiment.hpp"

namespace spate::cli {

/// 16 hexadecimal digits: JSON readers lose bits of large numbers.
std::string format_hash(std::uint64_t hash);

/// The last line of a run: with --json as it is, else as text.
void say_object(const Json& object, Console& console);

Json result_json(const sim::Experiment& experiment, const sim::ExperimentResult& result,
                 double wall_seconds);
/// A table for people.
void say_result(const sim::Experiment& experiment, const sim::ExperimentResult& result,
                Console& console);

}  // namespace spate::cli
