#include "engine/sim/virtual_disk.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"

namespace spate::sim {

VirtualDisk::VirtualDisk(std::shared_ptr<const TestContent> content, DiskOptions options)
    : content_(std::move(content)),
      options_(options),
      written_(content_->metainfo()->piece_count()) {
    if (content_->payload() == Payload::bytes) pieces_.resize(written_.size());
}

void VirtualDisk::fill() {
    whole_ = true;
}

bool VirtualDisk::write(PieceIndex piece) {
    if (writes_ >= options_.capacity_pieces) return false;
    ++writes_;
    written_.set(piece.value);
    return true;
}

bool VirtualDisk::write(PieceIndex piece, Bytes bytes) {
    if (!write(piece)) return false;
    pieces_[piece.value].assign(bytes.begin(), bytes.end());
    pieces_[piece.value].resize(content_->metainfo()->piece_span_bytes(piece));
    return true;
}

Bytes VirtualDisk::stored(BlockRef block) const {
    if (whole_) return content_->block(block);
    const auto& piece = pieces_[block.piece.value];
    SPATE_ASSERT(block.offset + block.length <= piece.size());
    return Bytes(piece).subspan(block.offset, block.length);
}

void VirtualDisk::read(BlockRef block, Prng& random, std::vector<std::byte>& out) const {
    const Bytes bytes = stored(block);
    const std::size_t at = out.size();
    out.insert(out.end(), bytes.begin(), bytes.end());
    if (options_.corrupts_reads) out[at + random.below(block.length)] ^= std::byte{0x10};
}

bool VirtualDisk::intact(BlockRef block) const {
    if (!has(block.piece)) return false;
    return content_->payload() == Payload::names ||
           std::ranges::equal(stored(block), content_->block(block));
}

}  // namespace spate::sim
