#pragma once
// engine/driver/tracker/tracker_datagrams.hpp: one UDP socket of the embedded tracker.
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/tracker/udp_server.hpp"
#include "io/clock.hpp"
#include "io/file_descriptor.hpp"
#include "io/operation.hpp"
#include "io/ring.hpp"
#include "io/socket_operations.hpp"

namespace spate::driver {

/// Datagrams received or answered at once; the kernel queues the others.
inline constexpr std::size_t tracker_datagrams_max = 64;
/// The longest request: a scrape of 74 torrents is 1,496 bytes.
inline constexpr std::size_t tracker_datagram_size_max = 2'048;

/// Keeps tracker_datagrams_max receives in flight; each is answered from its own place and then
/// armed again. Destroyed after the ring has drained. One thread.
class TrackerDatagrams {
public:
    TrackerDatagrams(io::Ring& ring, const io::Clock& clock, tracker::UdpTrackerServer& server,
                     io::FileDescriptor socket);
    TrackerDatagrams(const TrackerDatagrams&) = delete;
    TrackerDatagrams& operator=(const TrackerDatagrams&) = delete;

    void start();

private:
    class Place {
    public:
        void start(TrackerDatagrams& owner);

    private:
        void receive();
        void on_received(std::int32_t result, std::uint32_t flags);
        void on_sent(std::int32_t result, std::uint32_t flags);

        TrackerDatagrams* owner_ = nullptr;
        std::array<std::byte, tracker_datagram_size_max> buffer_;
        std::vector<std::byte> answer_;
        io::Bound<&Place::on_received, io::DatagramReceiveOperation> receive_{*this};
        io::Bound<&Place::on_sent, io::DatagramSendOperation> send_{*this};
    };

    io::Ring& ring_;
    const io::Clock& clock_;
    tracker::UdpTrackerServer& server_;
    io::FileDescriptor socket_;
    std::array<Place, tracker_datagrams_max> places_;
};

}  // namespace spate::driver
