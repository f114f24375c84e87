#include "engine/swarm/partial_piece.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"

namespace spate::swarm {

PartialPiece::PartialPiece(PieceIndex piece, std::uint32_t size_bytes, BufferId buffer) {
    reset(piece, size_bytes, buffer);
}

void PartialPiece::reset(PieceIndex piece, std::uint32_t size_bytes, BufferId buffer) {
    SPATE_ASSERT(size_bytes > 0);
    piece_ = piece;
    buffer_ = buffer;
    size_bytes_ = size_bytes;
    blocks_.resize((size_bytes + block_size_bytes - 1) / block_size_bytes);
    sources_.resize(blocks_.size());
    restart();
    retry_ = false;
}

void PartialPiece::restart() {
    retry_ = true;
    owner_.reset();
    owner_requests_ = 0;
    stage = Stage::receiving;
    unrequested_ = block_count();
    scan_from_ = 0;
    std::ranges::fill(blocks_, Block{});
    if (received_.size() == blocks_.size()) {
        received_.reset_all();
    } else {
        received_ = Bitfield(blocks_.size());
    }
    std::ranges::fill(sources_, ConnectionId());
    sharers_.clear();
}

BlockRef PartialPiece::block(std::uint32_t index) const {
    SPATE_ASSERT(index < block_count());
    const std::uint32_t offset = index * block_size_bytes;
    return {piece_, offset, std::min(block_size_bytes, size_bytes_ - offset)};
}

std::optional<std::uint32_t> PartialPiece::index_of(BlockRef block) const {
    if (block.piece != piece_ || block.offset % block_size_bytes != 0) return std::nullopt;
    const std::uint32_t index = block.offset / block_size_bytes;
    if (index >= block_count() || this->block(index).length != block.length) return std::nullopt;
    return index;
}

std::optional<std::uint32_t> PartialPiece::first_unrequested() const {
    if (unrequested_ == 0) return std::nullopt;
    for (std::uint32_t index = scan_from_; index < block_count(); ++index)
        if (unrequested(index)) return index;
    SPATE_ASSERT(false && "unrequested_ counts the unrequested blocks");
    return std::nullopt;
}

void PartialPiece::on_requested(std::uint32_t index, ConnectionId peer, bool alone) {
    SPATE_ASSERT(open_to(peer));
    if (unrequested(index)) {
        --unrequested_;
        if (index == scan_from_) ++scan_from_;
    }
    Block& block = blocks_[index];
    SPATE_ASSERT(block.requests < 255);
    if (block.requests > 0) block.contested = true;
    ++block.requests;
    block.alone |= alone;
    if (!retry_) return;
    owner_ = peer;
    ++owner_requests_;
}

void PartialPiece::contest(std::uint32_t index, ConnectionId peer) {
    blocks_[index].contested = true;
    sharers_.push_back({index, peer});
}

void PartialPiece::on_request_gone(std::uint32_t index, ConnectionId peer, bool may_still_write) {
    Block& block = blocks_[index];
    SPATE_ASSERT(block.requests > 0);
    // The peer may have sent a part of it, and still another peer's block counts as the whole.
    if (block.contested || may_still_write) contest(index, peer);
    if (retry_ && --owner_requests_ == 0) owner_.reset();
    if (--block.requests > 0) return;
    block.alone = false;
    if (!received_.test(index)) {
        ++unrequested_;
        scan_from_ = std::min(scan_from_, index);
    }
}

bool PartialPiece::on_received(std::uint32_t index, ConnectionId from) {
    Block& block = blocks_[index];
    if (block.requests > 0) {
        --block.requests;
        if (retry_ && --owner_requests_ == 0) owner_.reset();
    } else if (!received_.test(index)) {
        --unrequested_;  // given up, and came nevertheless
    }
    if (block.requests == 0) block.alone = false;
    if (!received_.set(index)) return false;
    sources_[index] = from;
    return true;
}

}  // namespace spate::swarm
