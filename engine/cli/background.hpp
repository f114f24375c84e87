#pragma once
// engine/cli/background.hpp: work beside the main thread, which goes on watching for Ctrl-C.
#include <functional>
#include <future>
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
              end_.set_value();
          }) {}

    bool done() const { return ended_within(Duration::zero()); }
    /// Waits at most so long for the end.
    bool ended_within(Duration patience) const {
        return ended_.wait_for(patience) == std::future_status::ready;
    }
    /// Once done().
    Result& result() { return *result_; }
    void request_stop() { thread_.request_stop(); }

private:
    std::optional<Result> result_;
    std::promise<void> end_;
    std::future<void> ended_ = end_.get_future();
    std::jthread thread_;  // last: it ends before what it writes to
};

/// Waits for the end of `background`; calls `look` every tenth of a second. A signal, seen as
/// often, requests a stop.
template <class Result, class Look>
Result& wait_for(Background<Result>& background, Signals& signals, Look look) {
    while (!background.ended_within(100ms)) {
        if (signals.wait(Duration::zero())) background.request_stop();
        look();
    }
    return background.result();
}

}  // namespace spate::cli
