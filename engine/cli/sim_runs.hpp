#pragma once
// engine/cli/sim_runs.hpp: simulations of several seeds, side by side.
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/cli/environment.hpp"

namespace spate::cli {

/// Runs `jobs`, each a simulation of its own, on as many threads as there are cores, and shows how
/// far they are on a terminal. Called by the main thread.
class SimRuns {
public:
    /// False: end early.
    using Progress = std::function<bool(double done)>;
    using Job = std::function<void(const Progress& progress)>;

    SimRuns(Environment& environment, std::string title, unsigned threads)
        : environment_(environment), title_(std::move(title)), threads_(threads) {}

    /// False when the user interrupted it.
    bool run(const std::vector<Job>& jobs);

private:
    void draw(const std::vector<std::atomic<double>>& done, std::size_t finished) const;

    Environment& environment_;
    const std::string title_;
    const unsigned threads_;
};

}  // namespace spate::cli
