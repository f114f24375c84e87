#pragma once
// engine/sim/byte_lines.hpp: a core's connections where every byte is carried.
#include <memory>
#include <unordered_map>

#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/session/output.hpp"
#include "engine/sim/virtual_socket.hpp"

namespace spate::sim {

class SimCore;

/// Executes what a session wants of its connections, on VirtualSockets, as the driver's connections
/// do: at most one receive and one send in flight each, by plan where the session has one, answers
/// only when they have ended. Part of a SimCore, one thread.
class ByteLines {
public:
    explicit ByteLines(SimCore& core);
    ~ByteLines();
    ByteLines(const ByteLines&) = delete;
    ByteLines& operator=(const ByteLines&) = delete;

    bool accept(std::shared_ptr<VirtualSocket> socket, const Endpoint& remote);
    void connect(const session::Connect& order);
    void transmit(ConnectionId id);
    void receive(ConnectionId id);
    void cancel_receive(ConnectionId id);
    void close(ConnectionId id);
    /// The process died: connections are lost.
    void abandon_all();

private:
    struct Link;

    Link* find(ConnectionId id);
    Link& open(ConnectionId id, std::shared_ptr<VirtualSocket> socket);
    void on_called(ConnectionId id, std::shared_ptr<VirtualSocket> socket);
    void start_receiving(Link& link);
    void deal_with(Link& link, std::size_t count, bool over);
    void on_received(Link& link, std::size_t count, bool over);
    void transmit(Link& link);
    void read_then_send(Link& link, std::vector<std::byte> bytes);
    void on_sent(Link& link, bool sent);
    void finish_if_idle(Link& link);

    SimCore& core_;
    std::unordered_map<ConnectionId, std::unique_ptr<Link>> links_;
};

}  // namespace spate::sim
