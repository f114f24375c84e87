#include "engine/session/metadata_fetch.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/wire/limits.hpp"
#include "engine/wire/metadata_message.hpp"

namespace spate::session {

void MetadataFetch::begin(std::uint32_t size_bytes) {
    size_bytes_ = size_bytes;
    pieces_.assign(wire::metadata_piece_count(size_bytes), {});
    received_count_ = 0;
    progress_at_.reset();
    sources_.clear();
}

bool MetadataFetch::agrees(ConnectionId peer) const {
    const auto said = said_.find(peer);
    return said != said_.end() && said->second == size_bytes_;
}

std::uint32_t MetadataFetch::most_said_size() const {
    std::map<std::uint32_t, std::size_t> votes;
    for (const auto& [peer, size_bytes] : said_) ++votes[size_bytes];
    const auto most =
        std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
    return most == votes.end() ? 0 : most->first;
}

void MetadataFetch::on_peer(ConnectionId peer, std::uint32_t size_bytes) {
    if (size_bytes == 0 || size_bytes > wire::metadata_bytes_max) return;
    said_[peer] = size_bytes;
    if (size_bytes_ == 0) begin(size_bytes);
}

void MetadataFetch::on_left(ConnectionId peer) {
    forget(peer);
}

void MetadataFetch::forget(ConnectionId peer) {
    said_.erase(peer);
    const bool said_by_another =
        std::ranges::any_of(said_, [&](const auto& said) { return said.second == size_bytes_; });
    if (!said_by_another && received_count_ == 0) begin(most_said_size());
}

std::optional<std::uint32_t> MetadataFetch::next_request(ConnectionId peer, Time now) {
    const auto said = said_.find(peer);
    if (said == said_.end()) return std::nullopt;
    if (!agrees(peer)) {
        if (!progress_at_ || now - *progress_at_ < size_patience) return std::nullopt;
        begin(said->second);
    }
    if (!progress_at_) progress_at_ = now;
    for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
        Piece& piece = pieces_[i];
        if (!piece.bytes.empty() || (piece.asked_at && now - *piece.asked_at < request_timeout))
            continue;
        piece.asked_at = now;
        return i;
    }
    return std::nullopt;
}

bool MetadataFetch::on_data(ConnectionId peer, std::uint32_t piece, std::uint32_t total_size_bytes,
                            Bytes data, Time now) {
    if (!agrees(peer) || total_size_bytes != size_bytes_ || piece >= pieces_.size() ||
        !pieces_[piece].bytes.empty())
        return false;
    const std::size_t at = std::size_t{piece} * wire::metadata_piece_size_bytes;
    const std::size_t expected =
        std::min<std::size_t>(wire::metadata_piece_size_bytes, size_bytes_ - at);
    if (data.size() != expected) return false;
    pieces_[piece].bytes.assign(data.begin(), data.end());
    progress_at_ = now;
    sources_.insert(peer);
    return ++received_count_ == pieces_.size();
}

void MetadataFetch::on_reject(ConnectionId peer, std::uint32_t piece) {
    if (!agrees(peer)) return;
    if (piece < pieces_.size()) pieces_[piece].asked_at.reset();
    forget(peer);
}

std::vector<std::byte> MetadataFetch::bytes() const {
    SPATE_ASSERT(size_bytes_ > 0 && received_count_ == pieces_.size());
    std::vector<std::byte> all;
    all.reserve(size_bytes_);
    for (const Piece& piece : pieces_)
        all.insert(all.end(), piece.bytes.begin(), piece.bytes.end());
    return all;
}

std::set<ConnectionId> MetadataFetch::start_again() {
    const std::set<ConnectionId> liars = std::exchange(sources_, {});
    for (const ConnectionId liar : liars) said_.erase(liar);
    begin(most_said_size());
    return liars;
}

}  // namespace spate::session
