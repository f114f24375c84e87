#pragma once
// engine/driver/tracker/tracker_loop.hpp: the embedded tracker's thread from within.
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/base/timer_wheel.hpp"
#include "engine/driver/tracker/tracker_connection.hpp"
#include "engine/driver/tracker/tracker_datagrams.hpp"
#include "io/doorbell.hpp"

namespace spate::driver {

struct TrackerLoopLimits {
    /// HTTP connections at once; one more is closed as soon as it is accepted.
    std::size_t connections_max = 4'096;
    /// A request must be whole this long after the connection or the last answer, however it
    /// trickles.
    Duration idle_timeout = 30s;
};

/// When the process is out of descriptors, accepting pauses.
inline constexpr Duration tracker_accept_pause = 200ms;

/// What the tracker's owner and its thread tell each other.
struct TrackerMailbox {
    std::mutex mutex;
    bool stop = false;                      // guarded by mutex
    std::vector<InfoHash> allowed;          // guarded by mutex
    tracker::TrackerStatistics statistics;  // guarded by mutex
    std::atomic<bool> has_mail{false};
};

/// TCP and UDP at one address.
struct TrackerSockets {
    io::FileDescriptor tcp;
    io::FileDescriptor udp;
};

/// Accepts, serves and forgets until the mailbox says stop. Made, run and destroyed by the
/// tracker's thread, on a ring of its own.
class TrackerLoop {
public:
    TrackerLoop(io::Ring& ring, io::Doorbell& doorbell, TrackerMailbox& mailbox,
                tracker::TrackerServer& server, const SipKey& key,
                std::vector<TrackerSockets> sockets, const TrackerLoopLimits& limits);
    TrackerLoop(const TrackerLoop&) = delete;
    TrackerLoop& operator=(const TrackerLoop&) = delete;

    void run();

private:
    class Listener {
    public:
        Listener(TrackerLoop& owner, io::FileDescriptor socket)
            : owner_(owner), socket_(std::move(socket)) {}
        /// Accepts, unless it does already.
        void arm();

    private:
        void on_accepted(std::int32_t result, std::uint32_t flags);

        TrackerLoop& owner_;
        io::FileDescriptor socket_;
        io::Bound<&Listener::on_accepted, io::AcceptOperation> accept_{*this};
    };

    void add_connection(io::FileDescriptor socket);
    std::optional<std::uint32_t> free_slot();
    std::optional<Time> next_deadline() const;
    void handle_timeouts();
    void update_deadlines();
    void reap();
    /// False when it is time to stop.
    bool exchange_mail();

    io::Ring& ring_;
    io::Doorbell& doorbell_;
    TrackerMailbox& mailbox_;
    tracker::TrackerServer& server_;
    TrackerLoopLimits limits_;
    io::Clock clock_;
    tracker::UdpTrackerServer udp_server_;
    TimerWheel idle_timers_;
    TrackerConnections shared_;
    std::deque<Listener> listeners_;
    std::deque<TrackerDatagrams> datagrams_;
    std::vector<std::unique_ptr<TrackerConnection>> connections_;  // by slot
    std::vector<std::uint32_t> free_slots_;
    std::optional<Time> accept_again_;
};

}  // namespace spate::driver
