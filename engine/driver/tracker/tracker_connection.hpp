#pragma once
// engine/driver/tracker/tracker_connection.hpp: one HTTP client of the embedded tracker.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/tracker/http_server_codec.hpp"
#include "io/clock.hpp"
#include "io/file_descriptor.hpp"
#include "io/operation.hpp"
#include "io/ring.hpp"
#include "io/socket_operations.hpp"

namespace spate::driver {

/// What the connections of one tracker share; owned by its loop.
struct TrackerConnections {
    io::Ring& ring;
    const io::Clock& clock;
    tracker::TrackerServer& server;
    /// Slots of connections that have answered (their deadline moves) or that want to be closed.
    std::vector<std::uint32_t> answered;
    std::vector<std::uint32_t> closing;
};

/// Receives, answers, sends, in turn: one operation is in flight at a time, and a client that sends
/// more than it waits for is cut off. One thread.
class TrackerConnection {
public:
    TrackerConnection(TrackerConnections& shared, std::uint32_t slot, io::FileDescriptor socket,
                      const IpAddress& peer);

    void start() { receive(); }
    /// Gives its operation back; the connection can be destroyed once idle().
    void close();
    bool idle() const { return !receive_.in_flight() && !send_.in_flight(); }

private:
    void receive();
    /// Answers the next whole request, or receives more.
    void serve();
    void on_received(std::int32_t result, std::uint32_t flags);
    void on_sent(std::int32_t result, std::uint32_t flags);
    void want_close();

    TrackerConnections& shared_;
    std::uint32_t slot_;
    io::FileDescriptor socket_;
    IpAddress peer_;
    tracker::HttpRequestParser parser_;
    std::string response_;
    bool keep_alive_ = true;
    bool closing_ = false;
    bool reported_ = false;  // its slot is in shared_.closing
    std::array<std::byte, 4096> buffer_;
    io::Bound<&TrackerConnection::on_received, io::ReceiveOperation<1>> receive_{*this};
    io::Bound<&TrackerConnection::on_sent, io::SendOperation<1>> send_{*this};
};

}  // namespace spate::driver
