#pragma once
// engine/session/connection.hpp: all that a core knows of one peer.
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/coarse_time.hpp"
#include "engine/base/endpoint.hpp"
#include "engine/base/fifo.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"
#include "engine/base/token_bucket.hpp"
#include "engine/session/drop_reason.hpp"
#include "engine/session/peer_waits.hpp"
#include "engine/swarm/picker.hpp"
#include "engine/swarm/rate_meter.hpp"
#include "engine/swarm/request_window.hpp"
#include "engine/wire/peer_wire.hpp"

namespace spate::session {

class Torrent;

/// A block that the peer waits for.
struct Upload {
    BlockRef block;
    CoarseTime asked_at;
};

/// What a peer with a limit of its own may save up: a tick's worth, and the next tick may be late.
constexpr Duration upload_burst = 1s;

/// State of one connection; Session's functions keep it consistent. Invariants: in a torrent's list
/// exactly while `stage` is established; `interesting` is the number of pieces that the peer has
/// and Torrent::wanted names.
struct Connection {
    static constexpr std::uint32_t send_bytes_at_start = 64 * 1024;
    enum class Stage : std::uint8_t { calling, handshaking, established, closing };

    Connection(ConnectionId connection_id, const Endpoint& endpoint, bool we_called, Time now)
        : id(connection_id),
          remote(endpoint),
          outgoing(we_called),
          created_at(now),
          last_received_at(now),
          last_sent_at(now),
          last_block_at(now) {}

    const ConnectionId id;
    const Endpoint remote;
    const bool outgoing;
    const Time created_at;
    Stage stage = Stage::calling;
    Torrent* torrent = nullptr;
    PeerId peer_id;
    bool fast = false;                     // both of us speak BEP 6
    bool extensions = false;               // both of us speak BEP 10
    std::uint8_t metadata_message_id = 0;  // the peer's id for ut_metadata; 0 when it has none
    std::uint8_t dont_have_id = 0;         // likewise for lt_donthave
    std::uint8_t upload_only_id = 0;       // likewise for upload_only

    wire::PeerWire wire;
    std::vector<std::byte> control;   // encoded, not yet taken by a send
    bool transmit_requested = false;  // Transmit was put out and take_send() not called since
    bool receive_paused = false;      // waits for the download limit
    bool held_back = false;           // may not receive while many letters wait for other cores
    bool receive_cancelled = false;   // CancelReceive was put out for the receive in flight
    bool told_own_address = false;    // what the peer says our address is went to the home core
    bool send_paused = false;         // waits for the upload limit
    std::vector<BufferId> pinned;     // buffers of the receive in flight

    Bitfield has;
    bool counted_as_seed = false;
    bool said_what_it_has = false;  // a bitfield or its like came
    bool upload_only = false;       // BEP 21
    std::uint32_t interesting = 0;
    bool we_are_interested = false;
    bool peer_is_interested = false;
    bool we_choke = true;
    bool peer_chokes = true;

    swarm::RequestWindow window;
    swarm::PeerPickState picking;
    std::vector<PieceIndex> allowed_fast;  // what the peer serves us although it chokes
    bool starved = false;                  // waits in Session's list for a free buffer
    bool hungry = false;                   // waits in Torrent's list for a block to ask for
    bool stalled = false;                  // silent past the deadline: gets one request at a time
    std::vector<PieceIndex> granted_fast;  // what we serve the peer although we choke it
    std::uint64_t granted_fast_bytes = 0;  // that it may still ask for of them while choked
    Fifo<Upload> uploads;                  // requested by the peer, not yet sent
    std::uint32_t send_bytes = send_bytes_at_start;  // of payload in one send; as the link takes it
    TokenBucket upload_limit{0, upload_burst};       // the choke strategy's, for this peer alone
    std::uint32_t have_count_reported = 0;           // to the home core, a choke round ago
    PeerWait waits_for = PeerWait::nothing;          // as counted in Session's PeerWaits
    swarm::RateMeter down;
    swarm::RateMeter up;
    bool watched = false;  // is looked at every tick, because something is awaited of it
    Time last_received_at;
    Time last_sent_at;
    Time last_upload_at{};  // a block was taken to be sent
    Time last_block_at;
    std::uint32_t discarded_blocks = 0;  // came unasked
    std::uint32_t cancelled_blocks = 0;  // were asked for; may still come
};

}  // namespace spate::session
