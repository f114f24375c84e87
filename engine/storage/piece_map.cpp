#include "engine/storage/piece_map.hpp"

namespace spate::storage {

PieceMap::PieceMap(const metainfo::Metainfo& torrent)
    : piece_length_bytes_(torrent.piece_length_bytes),
      piece_count_(torrent.piece_count()),
      pieces_end_with_files_(!torrent.has_v1()) {
    SPATE_ASSERT(piece_length_bytes_ > 0);
    starts_.reserve(torrent.files.size() + 1);
    std::uint64_t at = 0;
    for (const metainfo::FileEntry& file : torrent.files) {
        SPATE_ASSERT(file.offset_bytes == at);
        if (file.size_bytes > 0)
            files_with_bytes_.push_back(static_cast<std::uint32_t>(starts_.size()));
        starts_.push_back(at);
        pads_.push_back(file.pad);
        at += file.size_bytes;
    }
    starts_.push_back(at);
    SPATE_ASSERT(at == torrent.total_bytes);
    SPATE_ASSERT((at + piece_length_bytes_ - 1) / piece_length_bytes_ == piece_count_);
}

std::uint32_t PieceMap::piece_size_bytes(PieceIndex piece) const {
    SPATE_ASSERT(piece.value < piece_count_);
    const std::uint64_t begin = offset_of(piece);
    const std::uint64_t end =
        pieces_end_with_files_ ? starts_[files_with_bytes_[find(begin)] + 1] : total_bytes();
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(piece_length_bytes_, end - begin));
}

void PieceMap::check(BlockRef block) const {
    const std::uint32_t size = piece_size_bytes(block.piece);
    SPATE_ASSERT(block.offset <= size && block.length <= size - block.offset);
}

std::size_t PieceMap::find(std::uint64_t at) const {
    const auto after = std::ranges::upper_bound(
        files_with_bytes_, at, {}, [this](std::uint32_t file) { return starts_[file]; });
    SPATE_ASSERT(after != files_with_bytes_.begin());
    return static_cast<std::size_t>(after - files_with_bytes_.begin()) - 1;
}

std::vector<FileSlice> PieceMap::slices(BlockRef block) const {
    std::vector<FileSlice> all;
    for_each_slice(block, [&all](const FileSlice& slice) { all.push_back(slice); });
    return all;
}

std::vector<FileSlice> PieceMap::slices(PieceIndex piece) const {
    return slices(BlockRef{.piece = piece, .offset = 0, .length = piece_size_bytes(piece)});
}

PieceRange PieceMap::pieces_of(FileIndex file) const {
    return pieces_of(file, 0);
}

PieceRange PieceMap::pieces_of(FileIndex file, std::uint64_t offset_bytes) const {
    SPATE_ASSERT(offset_bytes <= file_size_bytes(file));
    const std::uint64_t begin = starts_[file.value] + offset_bytes;
    const std::uint64_t end = starts_[file.value + 1];
    const PieceIndex first{static_cast<std::uint32_t>(begin / piece_length_bytes_)};
    if (begin == end) return {first, first};
    return {first, PieceIndex{static_cast<std::uint32_t>((end - 1) / piece_length_bytes_ + 1)}};
}

}  // namespace spate::storage
