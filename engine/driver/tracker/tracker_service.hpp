#pragma once
// engine/driver/tracker/tracker_service.hpp: the embedded tracker.
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "engine/driver/tracker/tracker_loop.hpp"
#include "engine/tracker/tracker_server.hpp"
#include "io/probe.hpp"

namespace spate::driver {

/// A tracker over HTTP and UDP at the same addresses, in a thread with a ring of its own. Started,
/// asked and stopped by its owner.
class TrackerService {
public:
    struct Options {
        /// Where to listen; the port 0 takes one that is free for both TCP and UDP. An IPv6 address
        /// takes IPv6 only.
        std::vector<Endpoint> listen;
        tracker::TrackerServer::Options server{};
        // From the operating system's random source, each apart.
        SipKey table_key{};       // of tables whose keys clients choose
        SipKey connection_key{};  // of UDP connection ids
        std::uint64_t seed = 0;
        io::Features features{};
        TrackerLoopLimits limits{};
    };

    /// The error is a sentence for the user.
    static std::expected<std::unique_ptr<TrackerService>, std::string> start(Options options);
    TrackerService(const TrackerService&) = delete;
    TrackerService& operator=(const TrackerService&) = delete;
    ~TrackerService() { stop(); }

    /// In the order of Options::listen, with the ports that were taken.
    const std::vector<Endpoint>& endpoints() const { return endpoints_; }
    tracker::TrackerStatistics statistics();
    /// A further torrent to track, when only some are.
    void allow(const InfoHash& info_hash);
    /// Returns when the thread has ended and the ports are free.
    void stop();

private:
    TrackerService() = default;
    std::expected<void, std::string> open_sockets(const std::vector<Endpoint>& listen,
                                                  std::vector<TrackerSockets>& sockets);
    void ring_bell();

    std::vector<Endpoint> endpoints_;
    TrackerMailbox mailbox_;
    std::unique_ptr<io::Doorbell> doorbell_;
    std::thread thread_;
};

}  // namespace spate::driver
