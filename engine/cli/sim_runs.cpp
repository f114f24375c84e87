#include "engine/cli/sim_runs.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "engine/cli/units.hpp"

namespace spate::cli {
namespace {

constexpr Duration redraw_every = 200ms;
constexpr std::size_t bar_columns = 30;

}  // namespace

void SimRuns::draw(const std::vector<std::atomic<double>>& done, std::size_t finished) const {
    if (!environment_.console.interactive()) return;
    double sum = 0;
    for (const auto& each : done) sum += each.load(std::memory_order_relaxed);
    const double part = sum / static_cast<double>(done.size());
    const auto full = static_cast<std::size_t>(part * bar_columns);
    std::string bar;
    for (std::size_t i = 0; i < bar_columns; ++i) bar += i < full ? "█" : "░";
    std::string line = fmt::format(
        "{}  {} {:3.0f}%  {}", title_, bar, part * 100,
        format_time(to_seconds(environment_.context.now() - environment_.context.started)));
    if (done.size() > 1) line += fmt::format("  {} of {} runs", finished, done.size());
    environment_.console.draw({line});
}

bool SimRuns::run(const std::vector<Job>& jobs) {
    std::vector<std::atomic<double>> done(jobs.size());
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> finished{0};
    std::atomic<bool> stop{false};
    const auto work = [&] {
        for (std::size_t job = next++; job < jobs.size() && !stop; job = next++) {
            jobs[job]([&](double part) {
                done[job].store(part, std::memory_order_relaxed);
                return !stop.load(std::memory_order_relaxed);
            });
            done[job] = 1;
            ++finished;
        }
    };
    std::vector<std::jthread> threads;
    const std::size_t count = std::min<std::size_t>(std::max(threads_, 1U), jobs.size());
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back(work);
    // Short runs are over before the first drawing.
    for (Duration pause = 2ms; finished < jobs.size() && !stop;
         pause = std::min<Duration>(2 * pause, redraw_every)) {
        if (environment_.signals.wait(pause)) stop = true;
        if (pause == redraw_every) draw(done, finished);
    }
    threads.clear();
    if (environment_.console.interactive()) environment_.console.draw({});
    return !stop;
}

}  // namespace spate::cli
