#include "engine/sim/experiment_plots.hpp"

#include "engine/sim/svg_plot.hpp"

namespace spate::sim {
namespace {

template <class Value>
Series over_time(std::string name, const ExperimentResult& result, Value value) {
    Series series{.name = std::move(name)};
    for (const Sample& sample : result.samples)
        series.points.emplace_back(sample.seconds, static_cast<double>(value(sample)));
    return series;
}

std::string completion(const Experiment& experiment, const ExperimentResult& result) {
    Plot plot{experiment.title + ": who is there", "seconds", "peers", {}};
    plot.series.push_back(over_time("downloading", result, [](auto& s) { return s.downloaders; }));
    plot.series.push_back(over_time("serving all", result, [](auto& s) { return s.seeds; }));
    plot.series.push_back(
        over_time("completed so far", result, [](auto& s) { return s.completed; }));
    if (!experiment.fluid) return render_svg(plot);
    Series downloaders{.name = "downloading, fluid model", .points = {}, .dashed = true};
    Series seeds{.name = "serving all, fluid model", .points = {}, .dashed = true};
    for (const auto& state :
         experiment.fluid->solve(result.virtual_seconds, to_seconds(experiment.sample_every))) {
        downloaders.points.emplace_back(state.seconds, state.downloaders);
        seeds.points.emplace_back(state.seconds, state.seeds);
    }
    plot.series.push_back(std::move(downloaders));
    plot.series.push_back(std::move(seeds));
    return render_svg(plot);
}

std::string copies(const Experiment& experiment, const ExperimentResult& result) {
    Plot plot{experiment.title + ": copies of a piece", "seconds", "nodes that have it", {}};
    plot.series.push_back(over_time("rarest", result, [](auto& s) { return s.copies_min; }));
    plot.series.push_back(over_time("mean", result, [](auto& s) { return s.copies_mean; }));
    plot.series.push_back(over_time("most frequent", result, [](auto& s) { return s.copies_max; }));
    return render_svg(plot);
}

std::string utilisation(const Experiment& experiment, const ExperimentResult& result) {
    Plot plot{experiment.title + ": use of the uplinks", "seconds", "part of their capacity", {}};
    plot.series.push_back(
        over_time("all present", result, [](auto& s) { return s.upload_utilisation; }));
    return render_svg(plot);
}

/// Of each class the peers whose value is at most x.
template <class Value>
std::string by_class(const Experiment& experiment, const ExperimentResult& result,
                     std::string title, std::string x_label, Value value) {
    Plot plot{std::move(title), std::move(x_label), "part of the class", {}};
    for (std::uint32_t i = 0; i < experiment.classes.size(); ++i) {
        std::vector<double> values;
        std::size_t peers = 0;
        for (const PeerResult& peer : result.peers) {
            if (peer.peer_class != i) continue;
            ++peers;
            if (const std::optional<double> found = value(peer)) values.push_back(*found);
        }
        if (peers > 0)
            plot.series.push_back(cumulative(experiment.classes[i].name, std::move(values), peers));
    }
    return render_svg(plot);
}

}  // namespace

std::vector<NamedPlot> plots_of(const Experiment& experiment, const ExperimentResult& result) {
    return {{"completion", completion(experiment, result)},
            {"copies", copies(experiment, result)},
            {"download-time",
             by_class(experiment, result, experiment.title + ": time to have everything", "seconds",
                      [](const PeerResult& peer) { return peer.download_seconds; })},
            {"utilisation", utilisation(experiment, result)},
            {"share-ratio",
             by_class(experiment, result, experiment.title + ": share ratio", "sent / received",
                      [](const PeerResult& peer) -> std::optional<double> {
                          return peer.share_ratio();
                      })}};
}

}  // namespace spate::sim
