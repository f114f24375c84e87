#pragma once
// engine/driver/tracker/announce_worker.hpp: what the announce thread runs.
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/driver/tracker/announce_task.hpp"
#include "io/event.hpp"

namespace spate::driver {

/// Announces under way at once; more wait in line.
inline constexpr std::size_t announces_parallel_max = 128;
/// Announces that wait in line; more are refused.
inline constexpr std::size_t announces_queued_max = 10'000;

/// The announces under way and in line, with the sockets, names and transfers of them all. Used by
/// one thread but for wake_up().
class AnnounceWorker {
public:
    static std::expected<std::unique_ptr<AnnounceWorker>, std::string> open(
        HttpFetcher::Options options, Prng prng);
    AnnounceWorker(const AnnounceWorker&) = delete;
    AnnounceWorker& operator=(const AnnounceWorker&) = delete;

    void add(AnnounceJob job) { queue_.push_back(std::move(job)); }
    /// Jobs of this id end as cancelled.
    void cancel(std::uint64_t id);
    /// All jobs but those that say `stopped` end as cancelled.
    void cancel_but_stopped();
    void cancel_all();

    /// Starts, advances and reports; then waits for something to do, wake_up() or `until`.
    void turn(std::optional<Time> until);
    bool idle() const { return tasks_.empty() && queue_.empty(); }
    std::size_t waiting_count() const { return queue_.size(); }
    /// From any thread.
    void wake_up() { woken_.signal(); }

private:
    AnnounceWorker(HttpFetcher::Options options, Prng prng, std::unique_ptr<DnsResolver> resolver,
                   io::Event woken)
        : prng_(prng),
          fetcher_(std::move(options)),
          resolver_(std::move(resolver)),
          woken_(std::move(woken)) {}

    template <class Which>
    void cancel_if(Which which);
    void advance(Time now);
    void report_finished();
    void wait(Time now, std::optional<Time> until);

    Prng prng_;
    HttpFetcher fetcher_;
    std::unique_ptr<DnsResolver> resolver_;
    io::Event woken_;  // curl's own wake-up is lost where it had no socket for it
    UdpConnections udp_connections_;
    std::deque<AnnounceJob> queue_;
    std::vector<std::unique_ptr<AnnounceTask>> tasks_;  // at most announces_parallel_max
    std::vector<pollfd> polls_;
};

}  // namespace spate::driver
