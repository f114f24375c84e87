// What newcomers are told to have: allowed-fast pieces (BEP 6), and a super-seed's one at a time.
#include <algorithm>

#include "engine/session/session.hpp"
#include "engine/wire/message.hpp"

namespace spate::session {
namespace {

/// A newcomer is whoever has fewer pieces.
constexpr std::size_t newcomer_pieces = swarm::allowed_fast_max;
/// Of a torrent's pieces, one in so many may be had for nothing.
constexpr std::uint32_t allowed_fast_divisor = 100;

}  // namespace

/// The peer has said what it has.
void Session::offer_pieces(Connection& connection) {
    if (connection.torrent->super_seeding) return reveal_piece(connection);
    grant_allowed_fast(connection);
}

void Session::reveal_piece(Connection& connection) {
    const auto piece = connection.torrent->super_seeding->next_for(connection.id, connection.has);
    if (!piece) return;
    wire::append_have(connection.control, *piece);
    request_transmit(connection);
}

void Session::pass_on_have(Torrent& torrent, const Connection& from, PieceIndex piece) {
    if (!torrent.super_seeding) return;
    for (const ConnectionId id : torrent.super_seeding->on_have(from.id, piece))
        if (Connection* const peer = connections_.find(id)) reveal_piece(*peer);
}

void Session::grant_allowed_fast(Connection& connection) {
    if (!connection.fast || !connection.granted_fast.empty()) return;
    if (connection.has.count() >= newcomer_pieces) return;
    const Torrent& torrent = *connection.torrent;
    const std::uint32_t pieces = torrent.shared.pieces.size();
    const std::uint32_t count =
        std::min(options_.allowed_fast_pieces, pieces / allowed_fast_divisor);
    for (const PieceIndex piece : swarm::allowed_fast_set(
             connection.remote.address, torrent.metainfo().info_hash, pieces, count)) {
        if (!torrent.known_stored.test(piece.value)) continue;
        connection.granted_fast.push_back(piece);
        connection.granted_fast_bytes += torrent.metainfo().piece_length_bytes;
        wire::append_allowed_fast(connection.control, piece);
    }
    if (!connection.granted_fast.empty()) request_transmit(connection);
}

bool Session::may_have_fast(const Connection& connection, BlockRef block) const {
    return connection.has.count() < newcomer_pieces &&
           block.length <= connection.granted_fast_bytes &&
           std::ranges::find(connection.granted_fast, block.piece) != connection.granted_fast.end();
}

}  // namespace spate::session
