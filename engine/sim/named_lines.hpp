#pragma once
// engine/sim/named_lines.hpp: a core's connections where payload is named, not carried.
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/session/output.hpp"
#include "engine/sim/parcel_network.hpp"
#include "engine/swarm/partial_piece.hpp"
#include "engine/wire/receive_plan.hpp"

namespace spate::sim {

class SimCore;

/// Executes what a session wants of its connections, on a ParcelNetwork. The session sees the same
/// as on real sockets: control messages in bytes, blocks by the receive plans that it makes, only
/// that nobody looks at the payload. Which blocks were false is remembered by name until the piece
/// is hashed. Part of a SimCore, one thread.
class NamedLines {
public:
    explicit NamedLines(SimCore& core) : core_(core) {}
    ~NamedLines();
    NamedLines(const NamedLines&) = delete;
    NamedLines& operator=(const NamedLines&) = delete;

    bool accept(LineEnd end, const Endpoint& remote);
    void connect(const session::Connect& order);
    void transmit(ConnectionId id);
    void receive(ConnectionId id);
    /// Receives are over as soon as they begin.
    void cancel_receive(ConnectionId) {}
    void close(ConnectionId id);
    /// The process died: connections are lost.
    void abandon_all();

    /// All blocks of the piece came right. Forgets what was known of them.
    bool settle(TorrentId torrent, const swarm::PartialPiece& piece);

private:
    struct Link {
        ConnectionId id;
        std::optional<LineEnd> end;  // none while the call is on its way
        bool sending = false;
        bool closing = false;
        TorrentId torrent;
        std::vector<BlockRef> blocks;  // of the send in flight
        std::size_t blocks_sent = 0;
        std::deque<Parcel> paused;  // waits for the download limit
    };
    using FalseBlock = std::tuple<TorrentId, PieceIndex, std::uint32_t, ConnectionId>;

    Link* find(ConnectionId id);
    Link& create(ConnectionId id);
    void open(Link& link, LineEnd end);
    void on_called(ConnectionId id, std::optional<LineEnd> end);
    void on_delivered(Link& link, Parcel& parcel);
    void take_in(Link& link, const Parcel& parcel);
    void note_false(ConnectionId id, const Parcel& parcel);
    std::size_t take_planned(Link& link, const Parcel& parcel, std::size_t from);
    void take_linear(Link& link, BlockRef block);
    void transmit(Link& link);
    bool send_part(Link& link, std::vector<std::byte> control);
    void on_sent(Link& link);

    SimCore& core_;
    std::vector<std::unique_ptr<Link>> links_;  // by the slot in the session's table
    std::set<FalseBlock> false_blocks_;
    wire::ReceivePlan plan_;  // scratch
    session::SendPlan sent_;  // scratch
};

}  // namespace spate::sim
