// What the parser accepts keeps the promises of Metainfo, and can be written and read again.
#include "engine/metainfo/metainfo.hpp"

#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/metainfo/path_rules.hpp"
#include "engine/metainfo/torrent_writer.hpp"

using namespace spate;
using namespace spate::metainfo;

namespace {

void check_files(const Metainfo& torrent) {
    std::uint64_t offset = 0;
    for (const FileEntry& file : torrent.files) {
        SPATE_ASSERT(file.offset_bytes == offset);
        offset += file.size_bytes;
        SPATE_ASSERT(!file.path.empty());
        SPATE_ASSERT(file.symlink.empty() || file.size_bytes == 0);
        for (const std::string& component : file.symlink)
            SPATE_ASSERT(safe_component(component) == component);
        for (const std::string& component : file.path)
            SPATE_ASSERT(safe_component(component) == component);
    }
    SPATE_ASSERT(offset == torrent.total_bytes);
}

void check_pieces(const Metainfo& torrent) {
    std::uint64_t total = 0;
    for (std::uint32_t piece = 0; piece < torrent.piece_count(); ++piece)
        total += torrent.piece_size_bytes(PieceIndex{piece});
    SPATE_ASSERT(torrent.has_v1() ? total == torrent.total_bytes : total <= torrent.total_bytes);
    SPATE_ASSERT(torrent.has_v1() == !torrent.piece_hashes.empty());
}

/// Files start pieces, and every byte that isn't padding is below a root.
void check_v2(const Metainfo& torrent) {
    std::uint64_t file_bytes = 0;
    for (const FileEntry& file : torrent.files) {
        if (file.pad || file.size_bytes == 0) continue;
        SPATE_ASSERT(file.pieces_root && file.offset_bytes % torrent.piece_length_bytes == 0);
        file_bytes += file.size_bytes;
    }
    std::uint64_t covered_bytes = 0;
    for (PieceIndex piece{0}; piece.value < torrent.piece_count(); ++piece) {
        const std::uint64_t leaves = torrent.piece_leaves(piece);
        SPATE_ASSERT(leaves * block_size_bytes >= torrent.piece_data_bytes(piece));
        covered_bytes += torrent.piece_data_bytes(piece);
    }
    SPATE_ASSERT(covered_bytes == file_bytes);
    if (torrent.has_v1() && torrent.piece_roots.empty()) return;
    SPATE_ASSERT(torrent.piece_roots.size() == torrent.piece_count());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input = std::as_bytes(std::span(data, size));
    const auto torrent = parse_torrent(input);
    if (!torrent) {
        SPATE_ASSERT(!torrent.error().sentence.empty());
        return 0;
    }
    SPATE_ASSERT(safe_component(torrent->name) == torrent->name);
    check_files(*torrent);
    check_pieces(*torrent);
    if (torrent->has_v2()) check_v2(*torrent);
    SPATE_ASSERT(parse_torrent(write_torrent(*torrent)) == *torrent);
    return 0;
}
