#pragma once
// engine/sim/virtual_network.hpp: the network of a simulation.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/prng.hpp"
#include "engine/sim/event_queue.hpp"
#include "engine/sim/virtual_socket.hpp"

namespace spate::sim {

/// A node's line to the rest of the world. Connections take turns on it, chunk by chunk.
struct LinkClass {
    std::uint64_t up_bytes_per_s = 12'500'000;
    std::uint64_t down_bytes_per_s = 12'500'000;
    Duration latency = 10ms;  // one way, to the middle of the network
};

/// What goes wrong by chance.
struct NetworkFaults {
    double refused_calls = 0;  // part of all calls, 0 to 1
    /// A connection is lost after a time that is uniform up to twice this; zero means never.
    Duration mean_life{};
};

/// Nodes with their links, calls between them, and chance. One thread.
class VirtualNetwork {
public:
    using Socket = std::shared_ptr<VirtualSocket>;
    /// False: refused.
    using Accept = std::function<bool(Socket socket, const Endpoint& remote)>;
    /// With an empty socket when the call failed.
    using Called = std::move_only_function<void(Socket socket)>;

    VirtualNetwork(EventQueue& queue, NetworkFaults faults, std::uint64_t seed)
        : queue_(queue), faults_(faults), random_(seed) {}

    /// The node's index, in the order of these calls.
    std::uint32_t add_node(LinkClass link, const IpAddress& address);
    void listen(const Endpoint& at, Accept accept) { listeners_[at] = std::move(accept); }
    void stop_listening(const Endpoint& at) { listeners_.erase(at); }
    /// `called` is called one round trip later; where no node has the address, after a while.
    void call(std::uint32_t from, const Endpoint& to, Called called);

    EventQueue& queue() { return queue_; }
    Prng& random() { return random_; }
    std::uint64_t connections_lost() const { return connections_lost_; }

private:
    friend class VirtualSocket;

    struct Node {
        LinkClass link;
        IpAddress address;
        std::uint16_t next_port = 20'000;
        Time uplink_free{};
        Time downlink_free{};
    };

    void refuse_call(std::uint32_t from, const Endpoint& to, Called called);
    void answer_call(std::uint32_t from, const Endpoint& to, Called called);
    void lose_by_chance(const Socket& socket);
    Time reserve_uplink(std::uint32_t node, std::size_t bytes);
    Time reserve_downlink(std::uint32_t node, std::size_t bytes);
    Duration path_latency(std::uint32_t a, std::uint32_t b) const {
        return nodes_[a].link.latency + nodes_[b].link.latency;
    }
    void carry(const VirtualSocket& from, const Socket& to, std::vector<std::byte> chunk);
    void carry_end(const VirtualSocket& from, const Socket& to);

    EventQueue& queue_;
    const NetworkFaults faults_;
    Prng random_;
    std::vector<Node> nodes_;
    std::map<IpAddress, std::uint32_t> by_address_;
    std::map<Endpoint, Accept> listeners_;
    std::uint64_t next_stream_ = 0;
    std::uint64_t connections_lost_ = 0;
};

}  // namespace spate::sim
