#include "engine/session/torrent.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"

namespace spate::session {

Torrent::Torrent(SharedTorrent& shared_torrent, CoreIndex core, swarm::PieceBuffers& buffers)
    : shared(shared_torrent),
      picker(
          core, [this](PieceIndex piece) { return metainfo().piece_size_bytes(piece); },
          shared.pieces, shared.availability, buffers),
      known_stored(shared.pieces.stored_pieces()) {
    if (shared.awaits_metadata()) fetch.emplace();
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
        if (shared.pieces.wanted(PieceIndex(piece)))
            left += metainfo().piece_size_bytes(PieceIndex(piece));
    return left;
}

}  // namespace spate::session
