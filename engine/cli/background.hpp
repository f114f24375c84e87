#pragma once
// engine/cli/background.hpp: work beside the main thread, which goes on watching for Ctrl-C.
#include <functional>
#include <future>
#include <optional>
#include <stop_token>
#include <system_error>
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

    /// Where no thread is to be had for a second, it is done at once, here.
    explicit Background(Work work) : work_(std::move(work)) {
        constexpr int tries_max = 10;
        for (int tries = 0; tries < tries_max; ++tries) {
            if (start()) return;
            std::this_thread::sleep_for(100ms);
        }
        run({});
    }

    bool done() const { return ended_within(Duration::zero()); }
    /// Waits at most so long for the end.
    bool ended_within(Duration patience) const {
        return ended_.wait_for(patience) == std::future_status::ready;
    }
    /// Once done().
    Result& result() { return *result_; }
    void request_stop() { thread_.request_stop(); }

private:
    bool start() {
        try {
            thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
        } catch (const std::system_error&) {
            return false;
        }
        return true;
    }
    void run(const std::stop_token& stop) {
        result_.emplace(work_(stop));
        end_.set_value();
    }

    Work work_;
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
