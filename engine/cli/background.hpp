#pragma once
// engine/cli/background.hpp: work beside the main thread, which goes on watching for Ctrl-C.
#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "engine/cli/signals.hpp"

namespace spate::cli {

/// Runs `work` on a thread of its own. Made, asked and destroyed by one thread; destroying it
/// requests a stop and waits.
template <class Result>
class Background {
public:
    using Work = std::move_only_function<Result(std::stop_token)>;

    explicit Background(Work work)
        : thread_([this, job = std::move(work)](const std::stop_token& stop) mutable {
              result_.emplace(job(stop));
              done_.store(true, std::memory_order_release);
          }) {}

    bool done() const { return done_.load(std::memory_order_acquire); }
    /// Once done().
    Result& result() { return *result_; }
    void request_stop() { thread_.request_stop(); }

private:
    std::optional<Result> result_;
    std::atomic<bool> done_{false};
    std::jthread thread_;  // last: it ends before what it writes to
};

/// Waits for the end of `background`, and sees it within 10 ms; calls `look` every tenth of a
/// second. A signal requests a stop.
template <class Result, class Look>
Result& wait_for(Background<Result>& background, Signals& signals, Look look) {
    Duration unseen{};
    for (Duration pause = 1ms; !background.done(); pause = std::min<Duration>(2 * pause, 10ms)) {
        const bool ended = signals.interrupted();
        if (ended) std::this_thread::sleep_for(5ms);
        if (ended || signals.wait(pause)) background.request_stop();
        unseen += pause;
        if (unseen < 100ms) continue;
        unseen = {};
        look();
    }
    return background.result();
}

}  // namespace spate::cli
