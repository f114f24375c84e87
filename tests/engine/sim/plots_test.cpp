#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "engine/sim/fluid_model.hpp"
#include "engine/sim/svg_plot.hpp"

using namespace spate::sim;

TEST(SvgPlot, EscapesWordsAndEndsItsElement) {
    const std::string svg = render_svg(
        {"a < b & c", "x", "y", {{.name = "\"line\"", .points = {{0, 0}, {1, 2}, {2, 1}}}}});
    EXPECT_NE(svg.find("a &lt; b &amp; c"), std::string::npos);
    EXPECT_NE(svg.find("&quot;line&quot;"), std::string::npos);
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(SvgPlot, ThinsOutLongSeriesAndKeepsTheirLastPoint) {
    Series series{.name = "long"};
    for (int i = 0; i <= 100'000; ++i) series.points.emplace_back(i, 1);
    const std::string svg = render_svg({"", "", "", {series}});
    EXPECT_LT(svg.size(), 20'000U);
    EXPECT_NE(svg.find("L620.0"), std::string::npos) << "the right border";
}

TEST(SvgPlot, DrawsNothingAsEmptyAxes) {
    EXPECT_TRUE(render_svg({"empty", "x", "y", {}}).ends_with("</svg>\n"));
}

TEST(SvgPlot, CumulativeSeriesRisesToThePartThatCame) {
    const Series series = cumulative("some", {3, 1, 2}, 4);
    ASSERT_EQ(series.points.size(), 4U);
    EXPECT_EQ(series.points[1], std::pair(1.0, 0.25));
    EXPECT_EQ(series.points[3], std::pair(3.0, 0.75));
}

TEST(FluidModel, SteadyStateIsTheOneOfThePaper) {
    // Where uplinks are the bottleneck and nobody aborts: x = lambda/nu (1/mu - 1/gamma) in files,
    // y = lambda / gamma (Qiu and Srikant, section 3.2).
    const FluidModel model{.arrivals_per_s = 2,
                           .arrivals_seconds = 1e6,
                           .download_per_s = 1,
                           .upload_per_s = 0.01,
                           .leave_per_s = 0.02,
                           .seeds = 1};
    const auto states = model.solve(5'000, 10);
    EXPECT_NEAR(states.back().downloaders, 2 * (1 / 0.01 - 1 / 0.02), 1);
    EXPECT_NEAR(states.back().seeds, 2 / 0.02, 1);
}

TEST(FluidModel, EveryoneBecomesASeedWhenNobodyLeaves) {
    const FluidModel model{
        .arrivals_per_s = 5, .arrivals_seconds = 20, .download_per_s = 0.1, .upload_per_s = 0.05};
    const auto states = model.solve(600, 1);
    EXPECT_NEAR(states.back().seeds, 101, 1);
    EXPECT_NEAR(states.back().downloaders, 0, 1);
}
