#pragma once
// engine/sim/experiment_plots.hpp: what an experiment's result looks like.
#include <string>
#include <vector>

#include "engine/sim/experiment.hpp"

namespace spate::sim {

struct NamedPlot {
    std::string name;  // of a file, without its ending
    std::string svg;
};

/// Completion, copies of pieces, download times, upload utilisation and share ratios.
std::vector<NamedPlot> plots_of(const Experiment& experiment, const ExperimentResult& result);

}  // namespace spate::sim
