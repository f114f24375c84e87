// engine/metainfo/metainfo_pieces.cpp: how a torrent's byte space divides into pieces.
#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

#include "engine/base/assert.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::metainfo {

InfoHash truncated(const InfoHashV2& hash) {
    InfoHash front;
    std::memcpy(front.bytes.data(), hash.bytes.data(), front.bytes.size());
    return front;
}

/// The file that the piece's first byte is of. In v2 a piece is of one file.
const FileEntry& Metainfo::file_of(PieceIndex piece) const {
    SPATE_ASSERT(piece.value < piece_count());
    const std::uint64_t start = std::uint64_t{piece.value} * piece_length_bytes;
    // Empty files before the one with bytes share its offset: the last of them is wanted.
    const auto after = std::ranges::upper_bound(files, start, {}, &FileEntry::offset_bytes);
    SPATE_ASSERT(after != files.begin());
    return *std::prev(after);
}

std::uint32_t Metainfo::piece_size_bytes(PieceIndex piece) const {
    if (!has_v1()) return piece_data_bytes(piece);
    SPATE_ASSERT(piece.value < piece_count());
    const std::uint64_t start = std::uint64_t{piece.value} * piece_length_bytes;
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(piece_length_bytes, total_bytes - start));
}

std::uint32_t Metainfo::piece_data_bytes(PieceIndex piece) const {
    SPATE_ASSERT(has_v2());
    const FileEntry& file = file_of(piece);
    const std::uint64_t start = std::uint64_t{piece.value} * piece_length_bytes;
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(piece_length_bytes, file.offset_bytes + file.size_bytes - start));
}

std::uint32_t Metainfo::piece_leaves(PieceIndex piece) const {
    SPATE_ASSERT(has_v2());
    const FileEntry& file = file_of(piece);
    if (file.size_bytes > piece_length_bytes) return piece_length_bytes / block_size_bytes;
    return static_cast<std::uint32_t>(
        std::bit_ceil((file.size_bytes + block_size_bytes - 1) / block_size_bytes));
}

}  // namespace spate::metainfo
