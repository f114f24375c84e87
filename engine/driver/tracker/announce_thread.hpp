#pragma once
// engine/driver/tracker/announce_thread.hpp: one helper thread that talks to trackers for
// everybody.
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/driver/tracker/announce_worker.hpp"

namespace spate::driver {

/// What announces that say `stopped` get at shutdown, all together.
inline constexpr Duration stopped_announce_grace = 3s;

/// Performs announces and scrapes over HTTP(S) and UDP, so that no core thread ever waits for a
/// name, a TLS handshake or a slow tracker. Every job submitted is answered exactly once, on the
/// helper thread. submit() and cancel() may be called from any thread, from answers too; the rest
/// by the owner.
class AnnounceThread {
public:
    struct Options {
        HttpFetcher::Options http{};
        /// From the operating system's random source.
        std::uint64_t seed = 0;
    };

    /// The error is a sentence for the user.
    static std::expected<std::unique_ptr<AnnounceThread>, std::string> start(Options options);
    AnnounceThread(const AnnounceThread&) = delete;
    AnnounceThread& operator=(const AnnounceThread&) = delete;
    /// As shut_down() without grace.
    ~AnnounceThread();

    /// False, and the job is dropped unanswered, when too many wait or the thread shuts down.
    [[nodiscard]] bool submit(AnnounceJob job);
    /// Jobs of this id end as cancelled, if they haven't ended yet.
    void cancel(std::uint64_t id);
    /// Cancels all jobs but those that say `stopped`, which get until `grace` is over. Returns when
    /// every job is answered and the thread has ended.
    void shut_down(Duration grace = stopped_announce_grace);

private:
    explicit AnnounceThread(std::unique_ptr<AnnounceWorker> worker);

    struct Mail {
        std::vector<AnnounceJob> jobs;
        std::vector<std::uint64_t> cancelled;
        std::optional<Duration> shut_down_grace;
    };

    void run();
    Mail take_mail();

    std::unique_ptr<AnnounceWorker> worker_;  // the thread's, but for wake_up()
    std::mutex mutex_;
    Mail mail_;                // guarded by mutex_
    std::size_t waiting_ = 0;  // jobs in line in the worker; guarded by mutex_
    bool closed_ = false;      // guarded by mutex_
    std::thread thread_;
};

}  // namespace spate::driver
