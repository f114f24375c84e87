#pragma once
// engine/cli/scenario_file.hpp: experiments for the simulator, as TOML.
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "engine/sim/experiment.hpp"

namespace spate::cli {

/// The error is a sentence that names the place. docs/simulation.md says what may be written.
std::expected<sim::Experiment, std::string> parse_scenario(std::string_view toml,
                                                           const std::string& name);

/// The scenarios that are built in.
struct BuiltInScenario {
    std::string_view name;
    std::string_view toml;
};
std::vector<BuiltInScenario> built_in_scenarios();

/// A built-in scenario's name, or the path of a file. The error is a sentence.
std::expected<sim::Experiment, std::string> load_scenario(const std::string& name_or_path);

}  // namespace spate::cli
