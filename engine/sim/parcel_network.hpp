#pragma once
// engine/sim/parcel_network.hpp: the network of large simulations, where payload travels by name.
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"
#include "engine/base/strong.hpp"
#include "engine/sim/event_queue.hpp"
#include "engine/sim/virtual_network.hpp"

namespace spate::sim {

/// One end of a connection of a ParcelNetwork.
using LineEnd = Strong<struct LineEndTag, std::uint32_t>;

/// What a link carries at once: whole control messages in bytes, then blocks by name.
struct Parcel {
    std::vector<std::byte> control;
    std::vector<BlockRef> blocks;
    bool false_data = false;  // the blocks aren't what their names say
    bool last = false;        // behind it the sender has closed

    std::uint64_t payload_bytes() const;
    /// On the wire, with the headers of the PIECE messages.
    std::uint64_t size_bytes() const;
};

/// Nodes with access links, and lines between them. A parcel takes its turn in the sender's uplink
/// behind the other lines' parcels, one at a time from each line, then in the receiver's downlink:
/// links are shared fairly and never idle while somebody has something to send. Parcels without
/// payload are far below anybody's fair share, so they don't wait for others' payload (as under
/// fair queueing), though their bytes are counted. At most a window is under way on a line. Two
/// events a parcel, one without payload. One thread.
class ParcelNetwork {
public:
    /// Departed and not yet delivered, on one line: a TCP window, which grows with the path so
    /// that one connection can fill the sender's link.
    static constexpr std::uint64_t window_bytes_min = 1 << 20;
    /// A parcel takes about so long in its sender's link, unless a single block takes longer.
    static constexpr Duration quantum = 10ms;

    struct Handlers {
        std::move_only_function<void(Parcel& parcel)> delivered;
        /// The parcel has departed, and the line has room for another.
        std::move_only_function<void()> sent;
        /// The other end closed, or the connection was lost.
        std::move_only_function<void()> ended;
    };
    /// False: refused. Sets the handlers of the end otherwise.
    using Accept = std::function<bool(LineEnd end, const Endpoint& remote)>;
    /// With nothing when the call failed; who takes the end sets its handlers.
    using Called = std::move_only_function<void(std::optional<LineEnd> end)>;

    struct Traffic {  // of one node, payload only
        std::uint64_t sent_bytes = 0;
        std::uint64_t received_bytes = 0;
    };

    ParcelNetwork(EventQueue& queue, NetworkFaults faults, std::uint64_t seed)
        : queue_(queue), faults_(faults), random_(seed) {}

    /// The node's index, in the order of these calls.
    std::uint32_t add_node(LinkClass link, const IpAddress& address);
    void listen(const Endpoint& at, Accept accept) { listeners_[at] = std::move(accept); }
    void stop_listening(const Endpoint& at) { listeners_.erase(at); }
    /// `called` is called one round trip later.
    void call(std::uint32_t from, const Endpoint& to, Called called);
    void set_handlers(LineEnd end, Handlers handlers);

    /// At most one at a time. True: it is sent already; else `sent` says when.
    [[nodiscard]] bool send(LineEnd end, Parcel&& parcel);
    /// No handler is called any more; the other end hears of it behind what was sent.
    void close(LineEnd end);
    /// Lost: both ends hear of it.
    void reset(LineEnd end);
    /// Lost, and this end is dead: only the other one hears of it.
    void abandon(LineEnd end);

    /// Payload bytes that make a parcel of this node's.
    std::uint64_t parcel_bytes(std::uint32_t node) const { return nodes_[node].parcel_bytes; }
    /// Nodes with different sides can't reach each other, and lose the lines that they have.
    void set_side(std::uint32_t node, std::uint8_t side) { nodes_[node].side = side; }
    void cut_between_sides();

    const Traffic& traffic(std::uint32_t node) const { return nodes_[node].traffic; }
    const LinkClass& link(std::uint32_t node) const { return nodes_[node].link; }
    std::uint64_t lines_lost() const { return lines_lost_; }
    std::size_t lines_open() const { return lines_.size() - free_lines_.size(); }

private:
    using ParcelIndex = std::uint32_t;

    struct Node {
        LinkClass link;
        IpAddress address;
        std::uint64_t parcel_bytes = 0;
        std::uint16_t next_port = 20'000;
        std::uint8_t side = 0;
        Time uplink_free{};
        Time downlink_free{};
        Traffic traffic{};
    };
    struct End {
        std::uint32_t node = 0;
        Handlers handlers;
        Time delivered_until{};  // parcels of this end's arrive in order
        std::uint64_t undelivered_bytes = 0;
        std::uint64_t window_bytes = 0;
        bool sending = false;
        bool waits_for_room = false;
        bool closed = true;
        bool told = false;  // that it ended
    };
    struct Line {
        std::array<End, 2> ends;
        std::uint32_t events = 0;  // that name this line; it isn't reused before they ran
        bool open = false;
        bool lost = false;
    };

    static LineEnd other(LineEnd end) { return LineEnd(end.value ^ 1); }
    Line& line(LineEnd end) { return lines_[end.value / 2]; }
    End& at(LineEnd end) { return lines_[end.value / 2].ends[end.value % 2]; }

    void answer_call(std::uint32_t from, const Endpoint& to, Called called);
    LineEnd open(std::uint32_t caller, std::uint32_t called);
    std::uint64_t window_of(std::uint32_t from, std::uint32_t to) const;
    void lose_by_chance(LineEnd end);
    void depart(LineEnd from, ParcelIndex parcel);
    void carry(LineEnd from, ParcelIndex parcel, Time departed);
    void deliver(LineEnd from, ParcelIndex parcel);
    void tell_sent(End& end);
    void tell_ended(LineEnd end);
    void release(LineEnd end);
    ParcelIndex keep(Parcel&& parcel);
    void dismiss(ParcelIndex parcel);
    Time reserve(Time& link_free, Time from, std::uint64_t bytes, std::uint64_t rate_bytes_per_s,
                 bool waits);
    template <class Run>
    void schedule(Time at, EventKind kind, LineEnd end, std::uint64_t size, Run run);
    Duration path_latency(std::uint32_t a, std::uint32_t b) const {
        return nodes_[a].link.latency + nodes_[b].link.latency;
    }

    EventQueue& queue_;
    const NetworkFaults faults_;
    Prng random_;
    std::vector<Node> nodes_;
    std::map<IpAddress, std::uint32_t> by_address_;
    std::map<Endpoint, Accept> listeners_;
    std::deque<Line> lines_;
    std::vector<std::uint32_t> free_lines_;
    std::deque<Parcel> parcels_;
    std::vector<ParcelIndex> free_parcels_;
    std::uint64_t lines_lost_ = 0;
};

}  // namespace spate::sim
