#pragma once
// engine/sim/fluid_model.hpp: Qiu and Srikant's fluid model of a swarm.
#include <vector>

namespace spate::sim {

/// "Modeling and Performance Analysis of BitTorrent-Like Peer-to-Peer Networks" (SIGCOMM 2004),
/// equation 1: with x downloaders and y seeds,
///   dx/dt = lambda - theta x - min{c x, mu (eta x + y)}
///   dy/dt = min{c x, mu (eta x + y)} - gamma y
/// Rates are in files, or peers, a second.
struct FluidModel {
    double arrivals_per_s = 0;    // lambda, while they last
    double arrivals_seconds = 0;  // how long they last
    double abort_per_s = 0;       // theta
    double download_per_s = 0;    // c
    double upload_per_s = 0;      // mu
    double effectiveness = 1;     // eta: of what downloaders could send, how much they do
    double leave_per_s = 0;       // gamma: seeds leave
    double seeds = 1;             // at the start

    struct State {
        double seconds = 0;
        double downloaders = 0;
        double seeds = 0;
    };
    /// One state for each `step_seconds`, the start included. Integrated in a hundred parts a step.
    std::vector<State> solve(double seconds, double step_seconds) const;
};

}  // namespace spate::sim
