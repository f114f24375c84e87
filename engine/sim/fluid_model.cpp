#include "engine/sim/fluid_model.hpp"

#include <algorithm>

namespace spate::sim {
namespace {

constexpr int parts_a_step = 100;

}  // namespace

std::vector<FluidModel::State> FluidModel::solve(double seconds, double step_seconds) const {
    std::vector<State> states{{.seconds = 0, .downloaders = 0, .seeds = seeds}};
    const double dt = step_seconds / parts_a_step;
    while (states.back().seconds + step_seconds <= seconds) {
        State state = states.back();
        for (int part = 0; part < parts_a_step; ++part) {
            const double now = state.seconds + part * dt;
            const double arriving = now < arrivals_seconds ? arrivals_per_s : 0;
            const double done =
                std::min(download_per_s * state.downloaders,
                         upload_per_s * (effectiveness * state.downloaders + state.seeds));
            state.downloaders += dt * (arriving - abort_per_s * state.downloaders - done);
            state.downloaders = std::max(state.downloaders, 0.0);
            state.seeds += dt * (done - leave_per_s * state.seeds);
        }
        state.seconds += step_seconds;
        states.push_back(state);
    }
    return states;
}

}  // namespace spate::sim
