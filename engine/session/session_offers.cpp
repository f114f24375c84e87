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
    if (connection.torrent->hides_pieces()) return reveal_piece(connection);
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
    for (const ConnectionId id :
         torrent.super_seeding->on_have(from.id, piece, torrent.others_lack(from.id, piece)))
        if (Connection* const peer = find_open(id)) reveal_piece(*peer);
}

/// What on_have can't see: that the last one who lacked a piece has left, and that it is over.
void Session::advance_super_seeding(Torrent& torrent) {
    swarm::SuperSeeding& super_seeding = *torrent.super_seeding;
    std::vector<ConnectionId> due;
    if (!super_seeding.over() && torrent.spread_without_us()) {
        super_seeding.end();
        for (const Connection* const peer : torrent.peers)
            if (!super_seeding.current().contains(peer->id)) due.push_back(peer->id);
    }
    for (const auto& [id, piece] : super_seeding.current()) {
        const Connection* const peer = find_open(id);
        if (peer != nullptr && peer->has.test(piece.value) &&
            (super_seeding.over() || !torrent.others_lack(id, piece)))
            due.push_back(id);
    }
    std::ranges::sort(due);
    for (const ConnectionId id : due)
        if (Connection* const peer = find_open(id)) reveal_piece(*peer);
}

void Session::grant_allowed_fast(Connection& connection) {
    if (!connection.fast || !connection.granted_fast.empty()) return;
    if (connection.has.count() >= newcomer_pieces) return;
    const Torrent& torrent = *connection.torrent;
    const std::uint32_t pieces = torrent.shared.pieces.size();
    // Who has no slot to give gives nothing away either.
    const std::uint32_t offered =
        options_.home.upload_slots == 0 ? 0 : options_.allowed_fast_pieces;
    const std::uint32_t count = std::min(offered, pieces / allowed_fast_divisor);
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
