#include "engine/session/metadata_fetch.hpp"

#include <algorithm>

#include "engine/wire/limits.hpp"
#include "engine/wire/metadata_message.hpp"

namespace spate::session {

void MetadataFetch::on_peer(ConnectionId peer, std::uint32_t size_bytes) {
    if (size_bytes == 0 || size_bytes > wire::metadata_bytes_max) return;
    offers_[peer] = size_bytes;
    if (!somebody_agrees()) try_next_size();
}

bool MetadataFetch::agrees(ConnectionId peer) const {
    const auto offer = offers_.find(peer);
    return offer != offers_.end() && offer->second == size_bytes_;
}

bool MetadataFetch::somebody_agrees() const {
    return std::ranges::any_of(offers_,
                               [&](const auto& offer) { return offer.second == size_bytes_; });
}

void MetadataFetch::try_next_size() {
    std::set<std::uint32_t> sizes;
    for (const auto& [peer, size] : offers_) sizes.insert(size);
    auto next = sizes.upper_bound(size_bytes_);
    if (next == sizes.end()) next = sizes.begin();
    size_bytes_ = sizes.empty() ? 0 : *next;
    bytes_.assign(size_bytes_, std::byte{});
    pieces_.assign(sizes.empty() ? 0 : wire::metadata_piece_count(size_bytes_), Piece{});
    received_count_ = 0;
    sources_.clear();
}

bool MetadataFetch::waits_in_vain(Time now) const {
    return std::ranges::any_of(pieces_, [&](const Piece& piece) {
        return !piece.received && piece.asked_at && now - *piece.asked_at >= request_timeout;
    });
}

std::optional<std::uint32_t> MetadataFetch::next_request(ConnectionId peer, Time now) {
    const bool others_differ = std::ranges::any_of(
        offers_, [&](const auto& offer) { return offer.second != size_bytes_; });
    if (others_differ && waits_in_vain(now)) try_next_size();
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
    if (piece < pieces_.size()) pieces_[piece].asked_at.reset();
    withdraw(peer);
}

void MetadataFetch::on_gone(ConnectionId peer) {
    withdraw(peer);
}

void MetadataFetch::withdraw(ConnectionId peer) {
    offers_.erase(peer);
    // Without anybody else to ask, what came is kept for the next who offers the same.
    if (!somebody_agrees() && !offers_.empty()) try_next_size();
}

std::set<ConnectionId> MetadataFetch::start_again() {
    std::set<ConnectionId> liars = std::move(sources_);
    for (const ConnectionId liar : liars) offers_.erase(liar);
    try_next_size();
    return liars;
}

}  // namespace spate::session
