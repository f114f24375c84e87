#pragma once
// engine/session/core_message.hpp: what the cores of one process tell each other.
#include <cstdint>
#include <variant>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/session/drop_reason.hpp"
#include "engine/swarm/choker.hpp"

namespace spate::session {

// To the torrent's home core.

/// A handshake is complete.
struct PeerJoined {
    TorrentId torrent;
    swarm::PeerKey peer;
    Endpoint remote;
    PeerId peer_id;
    bool outgoing = false;
};
/// A joined peer's connection is gone.
struct PeerLeft {
    TorrentId torrent;
    swarm::PeerKey peer;
    Endpoint remote;
    bool useful = false;
    bool forget = false;  // not worth another call: both of us are seeds
    bool ban = false;     // it sent false data
};
/// What a peer says our address is.
struct OwnAddressSeen {
    TorrentId torrent;
    Endpoint own;
    IpAddress told_by;
};
/// A peer that isn't connected any more turns out to have sent false data.
struct PeerConvicted {
    TorrentId torrent;
    Endpoint remote;
    PeerId peer_id;
};
/// A call that led to no joined peer.
struct CallFailed {
    TorrentId torrent;
    Endpoint remote;
    bool forget = false;  // we called ourselves
    bool called = true;   // or there was no room for another connection
};
struct PeerInterest {
    TorrentId torrent;
    swarm::PeerKey peer;
    bool interested = false;
};
/// Every choke round, from each core that has peers.
struct PeerRates {
    struct Entry {
        swarm::PeerKey peer;
        bool snubbed = false;
        bool unchokes_us = false;
        std::uint64_t rate_bytes_per_s = 0;
        std::uint64_t given_bytes_per_s = 0;
        std::uint64_t announced_bytes_per_s = 0;
        double have_share = 0;
    };
    TorrentId torrent;
    std::vector<Entry> entries;
};
/// Addresses from a tracker, the user, or another source.
struct PeersFound {
    TorrentId torrent;
    std::vector<Endpoint> peers;
    bool named_by_user = false;
};

// From the home core to the core that has, or shall have, the connection.

struct CallPeer {
    TorrentId torrent;
    Endpoint remote;
    Duration patience{};  // until it is connected
};
struct SetChoke {
    TorrentId torrent;
    ConnectionId connection;
    bool choke = true;
    std::uint64_t rate_max_bytes_per_s = 0;  // 0: as fast as it takes it
};
struct DropPeer {
    TorrentId torrent;
    ConnectionId connection;
    DropReason reason{};
};

// From any core to all others.

/// Verified and written by the sender.
struct PiecesStored {
    TorrentId torrent;
    std::vector<PieceIndex> pieces;
};
/// Look at these in the PieceTable: they were lost, or found again.
struct PiecesChanged {
    TorrentId torrent;
    std::vector<PieceIndex> pieces;
};
/// Look at SharedTorrent::failing_writers.
struct PauseChanged {
    TorrentId torrent;
};
/// The torrent can't go on: its files failed, or the user took it away. Its connections are closed.
struct HaltTorrent {
    TorrentId torrent;
};

using CoreMessage = std::variant<PeerJoined, PeerLeft, PeerConvicted, OwnAddressSeen, CallFailed,
                                 PeerInterest, PeerRates, PeersFound, CallPeer, SetChoke, DropPeer,
                                 PiecesStored, PiecesChanged, PauseChanged, HaltTorrent>;

}  // namespace spate::session
