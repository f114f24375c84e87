#include "engine/swarm/partial_piece.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"

namespace spate::swarm {

PartialPiece::PartialPiece(PieceIndex piece, std::uint32_t size_bytes, BufferId buffer)
    : piece_(piece),
      buffer_(buffer),
      size_bytes_(size_bytes),
      unrequested_((size_bytes + block_size_bytes - 1) / block_size_bytes),
      requests_(unrequested_),
      received_(unrequested_),
      sources_(unrequested_) {
    SPATE_ASSERT(size_bytes > 0);
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

void PartialPiece::on_requested(std::uint32_t index) {
    if (unrequested(index)) {
        --unrequested_;
        if (index == scan_from_) ++scan_from_;
    }
    SPATE_ASSERT(requests_[index] < 255);
    ++requests_[index];
}

void PartialPiece::on_request_gone(std::uint32_t index) {
    SPATE_ASSERT(requests_[index] > 0);
    if (--requests_[index] == 0 && !received_.test(index)) {
        ++unrequested_;
        scan_from_ = std::min(scan_from_, index);
    }
}

bool PartialPiece::on_received(std::uint32_t index, ConnectionId from) {
    if (unrequested(index)) --unrequested_;  // given up, and came nevertheless
    if (!received_.set(index)) return false;
    sources_[index] = from;
    return true;
}

}  // namespace spate::swarm
