#include "hashing/piece_lanes.hpp"

#include <algorithm>
#include <bit>

#include "engine/base/assert.hpp"
#include "hashing/merkle.hpp"

namespace spate::hashing {

void PieceLanes::start(std::span<const PieceExtent> pieces) {
    SPATE_ASSERT(pieces.size() <= pieces_abreast);
    active_.clear();
    for (std::size_t lane = 0; lane < pieces.size(); ++lane) {
        const PieceExtent& piece = pieces[lane];
        SPATE_ASSERT(piece.size_bytes > 0 && piece.data_bytes <= piece.size_bytes);
        SPATE_ASSERT(!choice_.root || std::has_single_bit(piece.leaves));
        pieces_[lane] = piece;
        at_[lane] = piece.offset_bytes;
        streams_[lane] = Sha1Stream{};
        leaves_[lane].clear();
        digests_[lane] = {};
        active_.push_back(lane);
    }
}

void PieceLanes::advance(const std::array<Bytes, pieces_abreast>& parts) {
    const auto ends = [&](std::size_t lane) { return parts[lane].size() == bytes_left(lane); };
    // Only a file's or the torrent's last piece can be shorter than its lane-mates.
    const auto ending = std::ranges::partition(active_, [&](auto lane) { return !ends(lane); });
    const auto ongoing = std::span(active_.begin(), ending.begin());
    if (choice_.root) hash_leaves(parts);
    if (choice_.sha1) {
        advance_sha1(ongoing, parts, false);
        advance_sha1(std::span(ending), parts, true);
    }
    if (choice_.root) {
        for (const std::size_t lane : ending)
            digests_[lane].root = merkle_root(hasher_, leaves_[lane], pieces_[lane].leaves);
    }
    for (const std::size_t lane : active_) at_[lane] += parts[lane].size();
    active_.erase(ending.begin(), ending.end());
}

void PieceLanes::advance_sha1(std::span<const std::size_t> lanes,
                              const std::array<Bytes, pieces_abreast>& parts, bool last) {
    std::array<Sha1Stream, pieces_abreast> streams;
    std::array<Bytes, pieces_abreast> messages;
    std::array<Sha1Digest, pieces_abreast> digests;
    const std::size_t count = lanes.size();
    for (std::size_t i = 0; i < count; ++i) {
        streams[i] = streams_[lanes[i]];
        messages[i] = parts[lanes[i]];
    }
    const auto all_streams = std::span(streams).first(count);
    const auto all_messages = std::span(messages).first(count);
    if (last)
        hasher_.finish(all_streams, all_messages, std::span(digests).first(count));
    else
        hasher_.advance(all_streams, all_messages);
    for (std::size_t i = 0; i < count; ++i) {
        streams_[lanes[i]] = streams[i];
        if (last) digests_[lanes[i]].sha1 = digests[i];
    }
}

void PieceLanes::hash_leaves(const std::array<Bytes, pieces_abreast>& parts) {
    blocks_.clear();
    // The part of a lane that its tree covers: its padding is no leaf.
    const auto covered = [&](std::size_t lane) {
        const std::uint64_t done = at_[lane] - pieces_[lane].offset_bytes;
        SPATE_ASSERT(done % leaf_bytes == 0);
        const std::uint64_t left =
            pieces_[lane].data_bytes - std::min<std::uint64_t>(done, pieces_[lane].data_bytes);
        return parts[lane].first(std::min<std::uint64_t>(left, parts[lane].size()));
    };
    for (const std::size_t lane : active_) {
        for (Bytes rest = covered(lane); !rest.empty();) {
            const std::size_t size = std::min<std::size_t>(leaf_bytes, rest.size());
            blocks_.push_back(rest.first(size));
            rest = rest.subspan(size);
        }
    }
    block_digests_.resize(blocks_.size());
    hasher_.sha256_many(blocks_, block_digests_);
    auto next = block_digests_.cbegin();
    for (const std::size_t lane : active_) {
        const std::size_t count = (covered(lane).size() + leaf_bytes - 1) / leaf_bytes;
        leaves_[lane].insert(leaves_[lane].end(), next, next + static_cast<std::ptrdiff_t>(count));
        next += static_cast<std::ptrdiff_t>(count);
    }
}

}  // namespace spate::hashing
