#include "engine/sim/svg_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace spate::sim {
namespace {

constexpr double width = 640;
constexpr double height = 400;
constexpr double left = 70;
constexpr double right = 20;
constexpr double top = 40;
constexpr double bottom = 50;
constexpr int ticks_wanted = 5;
constexpr std::size_t points_max = 300;
/// Told apart by colour-blind people too (Okabe and Ito).
constexpr std::array<std::string_view, 7> colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                  "#e69f00", "#56b4e9", "#333333"};

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '&')
            out += "&amp;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

/// Ticks at round distances from zero to at least `value_max`.
struct Axis {
    explicit Axis(double value_max) {
        const double rough = std::max(value_max, 1e-9) / ticks_wanted;
        const double power = std::pow(10.0, std::floor(std::log10(rough)));
        for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
            step = factor * power;
            if (step >= rough) break;
        }
        end = step * std::ceil(value_max / step - 1e-9);
        if (end <= 0) end = step;
    }
    double step = 1;
    double end = 1;
};

class Drawing {
public:
    explicit Drawing(const Plot& plot)
        : plot_(plot),
          x_(largest(&std::pair<double, double>::first)),
          y_(largest(&std::pair<double, double>::second)) {}

    std::string render() {
        out_ = fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
            "height=\"{1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
            "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
            width, height);
        text(width / 2, 22, "middle", plot_.title, " font-size=\"15\"");
        text(left + (width - left - right) / 2, height - 12, "middle", plot_.x_label);
        text(
            18, top + (height - top - bottom) / 2, "middle", plot_.y_label,
            fmt::format(" transform=\"rotate(-90 18 {:.0f})\"", top + (height - top - bottom) / 2));
        draw_ticks();
        for (std::size_t i = 0; i < plot_.series.size(); ++i) draw_series(i);
        for (std::size_t i = 0; i < plot_.series.size(); ++i) draw_legend(i);
        return out_ + "</svg>\n";
    }

private:
    double largest(double std::pair<double, double>::* part) const {
        double most = 0;
        for (const Series& series : plot_.series)
            for (const auto& point : series.points) most = std::max(most, point.*part);
        return most;
    }
    double at_x(double x) const { return left + x / x_.end * (width - left - right); }
    double at_y(double y) const { return height - bottom - y / y_.end * (height - top - bottom); }

    void text(double x, double y, std::string_view anchor, std::string_view words,
              std::string_view more = "") {
        out_ += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"{}\"{}>{}</text>\n", x,
                            y, anchor, more, escape(words));
    }
    void line(double x1, double y1, double x2, double y2, std::string_view style) {
        out_ +=
            fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" {}/>\n", x1, y1, x2, y2, style);
    }

    void draw_ticks() {
        for (int i = 0; i * x_.step <= x_.end * 1.0001; ++i) {
            line(at_x(i * x_.step), height - bottom, at_x(i * x_.step), top, "stroke=\"#e5e5e5\"");
            text(at_x(i * x_.step), height - bottom + 16, "middle",
                 fmt::format("{:g}", i * x_.step));
        }
        for (int i = 0; i * y_.step <= y_.end * 1.0001; ++i) {
            line(left, at_y(i * y_.step), width - right, at_y(i * y_.step), "stroke=\"#e5e5e5\"");
            text(left - 6, at_y(i * y_.step) + 4, "end", fmt::format("{:g}", i * y_.step));
        }
        line(left, height - bottom, width - right, height - bottom, "stroke=\"black\"");
        line(left, height - bottom, left, top, "stroke=\"black\"");
    }

    void draw_series(std::size_t index) {
        const Series& series = plot_.series[index];
        if (series.points.empty()) return;
        const std::size_t every = (series.points.size() + points_max - 1) / points_max;
        std::string path;
        double y_before = 0;
        for (std::size_t i = 0; i < series.points.size(); ++i) {
            if (i % every != 0 && i + 1 != series.points.size()) continue;
            const auto [x, y] = series.points[i];
            if (series.steps && !path.empty())
                path += fmt::format("L{:.1f} {:.1f}", at_x(x), y_before);
            path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", at_x(x), at_y(y));
            y_before = at_y(y);
        }
        out_ += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.8\"{}/>\n",
                            path, colours[index % colours.size()],
                            series.dashed ? " stroke-dasharray=\"6 4\"" : "");
    }

    void draw_legend(std::size_t index) {
        const double y = top + 14 + 16 * static_cast<double>(index);
        const Series& series = plot_.series[index];
        line(left + 10, y - 4, left + 34, y - 4,
             fmt::format("stroke=\"{}\" stroke-width=\"2\"{}", colours[index % colours.size()],
                         series.dashed ? " stroke-dasharray=\"6 4\"" : ""));
        text(left + 40, y, "start", series.name);
    }

    const Plot& plot_;
    const Axis x_;
    const Axis y_;
    std::string out_;
};

}  // namespace

std::string render_svg(const Plot& plot) {
    return Drawing(plot).render();
}

Series cumulative(std::string name, std::vector<double> values, std::size_t of) {
    std::ranges::sort(values);
    Series series{.name = std::move(name), .points = {{0, 0}}, .steps = true};
    for (std::size_t i = 0; i < values.size(); ++i)
        series.points.emplace_back(values[i], static_cast<double>(i + 1) / static_cast<double>(of));
    return series;
}

}  // namespace spate::sim
