#pragma once
// engine/session/output.hpp: what a session wants done, as values.
#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/coarse_time.hpp"
#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "engine/session/drop_reason.hpp"
#include "engine/tracker/announce.hpp"
#include "engine/tracker/reach.hpp"

namespace spate::session {

/// Call the peer; answer with handle_connected() or handle_disconnected().
struct Connect {
    ConnectionId connection;
    Endpoint remote;
};
/// End the connection; answer with handle_closed() when nothing of it is in flight any more.
struct Close {
    ConnectionId connection;
    DropReason reason{};  // for whoever wants to tell
};
/// The connection has something to send: call take_send() unless a send is in flight.
struct Transmit {
    ConnectionId connection;
};
/// Receiving may go on after a pause (may_receive() had said no).
struct Receive {
    ConnectionId connection;
};
/// Cut the receive in flight short, so that its buffers are released; it is answered as always.
struct CancelReceive {
    ConnectionId connection;
};
/// Answer with handle_piece_hashed().
struct HashPiece {
    TorrentId torrent;
    PieceIndex piece;
    BufferId buffer;
    std::uint32_t size_bytes = 0;
};
/// Answer with handle_piece_written() or handle_piece_unwritten().
struct WritePiece {
    TorrentId torrent;
    PieceIndex piece;
    BufferId buffer;
    std::uint32_t size_bytes = 0;
};
/// What is known of pieces that were in doubt: those in neither list stay so.
struct PiecesChecked {
    std::vector<PieceIndex> good;
    std::vector<PieceIndex> bad;
};
/// Answer with handle_announced().
struct Announce {
    TorrentId torrent;
    std::string url;
    tracker::AnnounceRequest request;
    /// See tracker::AnnounceOrder.
    bool others_wait = false;
    tracker::Origin origin = tracker::Origin::torrent;
};
/// The info dictionary of a magnet link came: see whether it is the one (metainfo::is_info_of) and
/// answer with handle_metadata_checked(); then, when it lacks piece layers, with fetch_layers().
struct CheckMetadata {
    TorrentId torrent;
    std::vector<std::byte> info_bytes;
};
/// After fetch_layers(): the dictionary and the layers that it lacked, proven.
struct LayersReady {
    TorrentId torrent;
    std::vector<std::byte> info_bytes;
    std::vector<metainfo::PieceLayer> layers;
};
/// For the user, from the home core: the last wanted piece is verified and written.
struct TorrentComplete {
    TorrentId torrent;
};
/// For the user: the torrent stopped by itself.
struct TorrentFailed {
    TorrentId torrent;
    std::string reason;
};
/// For the user: its download waits, as what it gets can't be written; and it goes on.
struct DownloadPaused {
    TorrentId torrent;
    std::string reason;
};
struct DownloadResumed {
    TorrentId torrent;
};
struct TrackerWarning {
    TorrentId torrent;
    std::string url;
    std::string sentence;
};

using Output = std::variant<Connect, Close, Transmit, Receive, CancelReceive, HashPiece, WritePiece,
                            Announce, CheckMetadata, LayersReady, TorrentComplete, TorrentFailed,
                            DownloadPaused, DownloadResumed, TrackerWarning>;

/// One vectored send to a peer: control messages, then blocks of stored pieces, each behind its
/// 13-byte PIECE header (wire::piece_header).
struct SendPlan {
    static constexpr std::size_t blocks_max = 16;

    TorrentId torrent;
    std::vector<std::byte> control;
    std::array<BlockRef, blocks_max> blocks;
    std::array<CoarseTime, blocks_max> asked_at;  // when the peer asked for each
    std::size_t block_count = 0;
    /// What the kernel should hold that it has not put on the wire yet; 0: what it likes.
    std::uint32_t unsent_max_bytes = 0;

    std::uint64_t payload_bytes() const {
        std::uint64_t bytes = 0;
        for (std::size_t i = 0; i < block_count; ++i) bytes += blocks[i].length;
        return bytes;
    }
    bool empty() const { return control.empty() && block_count == 0; }
    void clear() {
        control.clear();
        block_count = 0;
    }
};

}  // namespace spate::session
