#include "engine/session/torrent.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"

namespace spate::session {
namespace {

/// Peers that left; whoever sent a block of a piece that isn't verified yet is among them.
constexpr std::size_t leavers_max = 128;

}  // namespace

Torrent::Torrent(SharedTorrent& shared_torrent, CoreIndex on_core,
                 swarm::PieceBuffers& core_buffers, const SipKey& digest_key)
    : shared(shared_torrent),
      core(on_core),
      buffers(core_buffers),
      known_stored(shared.pieces.stored_pieces()),
      wanted(shared.pieces.size()) {
    for (std::uint32_t piece = 0; piece < wanted.size(); ++piece)
        if (!known_stored.test(piece) && shared.pieces.wanted(PieceIndex(piece))) wanted.set(piece);
    if (shared.awaits_metadata()) fetch = std::make_unique<MetadataFetch>(digest_key);
    if (fetch || !wanted.none()) make_picker();
}

void Torrent::make_picker() {
    picker = std::make_unique<swarm::Picker>(
        core, [this](PieceIndex piece) { return metainfo().piece_size_bytes(piece); },
        shared.pieces, shared.availability, buffers);
}

void Torrent::attach(Connection& connection) {
    peers.push_back(&connection);
    connection.torrent = this;
    shared.counters.peers.fetch_add(1, std::memory_order_relaxed);
}

void Torrent::detach(Connection& connection) {
    const auto found = std::ranges::find(peers, &connection);
    SPATE_ASSERT(found != peers.end());
    *found = peers.back();
    peers.pop_back();
    shared.counters.peers.fetch_sub(1, std::memory_order_relaxed);
    if (connection.down.total_bytes() == 0) return;
    if (leavers.size() == leavers_max) leavers.pop_front();
    leavers.push_back({connection.id, connection.remote, connection.peer_id});
}

std::optional<swarm::SmartBan::Source> Torrent::identify(ConnectionId id) const {
    const auto here = std::ranges::find(peers, id, &Connection::id);
    if (here != peers.end()) return swarm::SmartBan::Source{id, (*here)->remote, (*here)->peer_id};
    const auto gone = std::ranges::find(leavers, id, &swarm::SmartBan::Source::connection);
    if (gone != leavers.end()) return *gone;
    return std::nullopt;
}

bool Torrent::contains(BlockRef block) const {
    if (block.piece.value >= metainfo().piece_count() || block.length == 0) return false;
    const std::uint64_t size = metainfo().piece_span_bytes(block.piece);
    return block.offset < size && block.length <= size - block.offset;
}

std::uint64_t Torrent::left_bytes() const {
    if (fetch) return 16 * 1024;  // unknown: anything but nothing
    std::uint64_t left = 0;
    for (std::uint32_t piece = 0; piece < shared.pieces.size(); ++piece)
        if (shared.pieces.wanted(PieceIndex(piece)) || shared.pieces.doubtful(PieceIndex(piece)))
            left += metainfo().piece_size_bytes(PieceIndex(piece));
    return left;
}

bool Torrent::others_lack(ConnectionId but, PieceIndex piece) const {
    return std::ranges::any_of(peers, [&](const Connection* peer) {
        return peer->id != but && !peer->has.test(piece.value);
    });
}

bool Torrent::spread_without_us() const {
    if (shared.availability.seeds() > 0) return true;
    for (std::uint32_t piece = 0; piece < shared.pieces.size(); ++piece)
        if (shared.availability.count(PieceIndex(piece)) == 0) return false;
    return true;
}

}  // namespace spate::session
