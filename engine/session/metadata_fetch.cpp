#include "engine/session/metadata_fetch.hpp"

#include <algorithm>

#include "engine/wire/limits.hpp"
#include "engine/wire/metadata_message.hpp"

namespace spate::session {

void MetadataFetch::on_peer(ConnectionId peer, std::uint32_t size_bytes) {
    if (size_bytes == 0 || size_bytes > wire::metadata_bytes_max) return;
    if (size_bytes_ == 0) {
        size_bytes_ = size_bytes;
        bytes_.resize(size_bytes);
        pieces_.resize(wire::metadata_piece_count(size_bytes));
    }
    if (size_bytes == size_bytes_) peers_.insert(peer);
}

std::optional<std::uint32_t> MetadataFetch::next_request(ConnectionId peer, Time now) {
    if (!agrees(peer)) return std::nullopt;
    for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
        Piece& piece = pieces_[i];
        if (piece.received || (piece.asked_at && now - *piece.asked_at < request_timeout)) continue;
        piece.asked_at = now;
        return i;
    }
    return std::nullopt;
}

bool MetadataFetch::on_data(ConnectionId peer, std::uint32_t piece, std::uint32_t total_size_bytes,
                            Bytes data) {
    if (!agrees(peer) || total_size_bytes != size_bytes_ || piece >= pieces_.size() ||
        pieces_[piece].received)
        return false;
    const std::size_t at = std::size_t{piece} * wire::metadata_piece_size_bytes;
    const std::size_t expected =
        std::min<std::size_t>(wire::metadata_piece_size_bytes, size_bytes_ - at);
    if (data.size() != expected) return false;
    std::ranges::copy(data, bytes_.begin() + static_cast<std::ptrdiff_t>(at));
    pieces_[piece].received = true;
    sources_.insert(peer);
    return ++received_count_ == pieces_.size();
}

void MetadataFetch::on_reject(ConnectionId peer, std::uint32_t piece) {
    if (!agrees(peer)) return;
    peers_.erase(peer);
    if (piece < pieces_.size()) pieces_[piece].asked_at.reset();
}

std::set<ConnectionId> MetadataFetch::start_again() {
    std::set<ConnectionId> liars = std::move(sources_);
    *this = MetadataFetch();
    return liars;
}

}  // namespace spate::session
