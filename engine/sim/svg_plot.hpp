#pragma once
// engine/sim/svg_plot.hpp: small line plots for people to look at.
#include <string>
#include <utility>
#include <vector>

namespace spate::sim {

/// A line through points (x, y), in the order given.
struct Series {
    std::string name{};
    std::vector<std::pair<double, double>> points{};
    bool dashed = false;  // a model or a bound, not a measurement
    bool steps = false;   // the value holds until the next point
};

struct Plot {
    std::string title{};
    std::string x_label{};
    std::string y_label{};
    std::vector<Series> series{};
};

/// An SVG file, a few kilobytes: axes from zero, round ticks, a legend. Long series are thinned
/// out. The same plot gives the same bytes.
std::string render_svg(const Plot& plot);

/// How many of `values` are at most x, as a part of `of` many: a series in steps.
Series cumulative(std::string name, std::vector<double> values, std::size_t of);

}  // namespace spate::sim
