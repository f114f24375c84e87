#include "engine/driver/content/foreign_file.hpp"

#include "engine/storage/file_layout.hpp"
#include "engine/storage/piece_map.hpp"

namespace spate::driver {
namespace {

/// Of the pieces with bytes of one file.
struct FilePieces {
    bool any_there = false;
    bool any_to_write = false;
    bool any_inside = false;
};

FilePieces look_at(const storage::PieceMap& map, storage::FileIndex file, const FoundFiles& found) {
    const std::uint64_t length = map.piece_length_bytes();
    const std::uint64_t begin = map.file_start_bytes(file);
    const std::uint64_t end = begin + map.file_size_bytes(file);
    const storage::PieceRange pieces = map.pieces_of(file);
    FilePieces result;
    for (PieceIndex piece = pieces.first; piece != pieces.end; ++piece) {
        const bool there = found.have.test(piece.value);
        const bool skipped = found.skipped.size() != 0 && found.skipped.test(piece.value);
        const std::uint64_t at = piece.value * length;
        result.any_there |= there;
        result.any_to_write |= !there && !skipped;
        result.any_inside |= at >= begin && at + map.piece_size_bytes(piece) <= end;
    }
    return result;
}

template <class Picks>
std::string find_file(const metainfo::Metainfo& torrent, const FoundFiles& found, Picks picks) {
    const storage::PieceMap map(torrent);
    const std::vector<storage::PlannedFile> files = storage::lay_out(torrent);
    for (std::uint32_t i = 0; i < files.size(); ++i) {
        const auto& stamp = found.stamps[i];
        if (files[i].pad || files[i].size_bytes == 0 || !stamp || stamp->size_bytes == 0) continue;
        if (picks(files[i], *stamp, look_at(map, storage::FileIndex(i), found)))
            return files[i].path;
    }
    return {};
}

}  // namespace

std::string find_foreign_file(const metainfo::Metainfo& torrent, const FoundFiles& found) {
    const bool any_match = !found.have.none();
    return find_file(torrent, found,
                     [&](const storage::PlannedFile& file, const storage::FileStamp& stamp,
                         const FilePieces& pieces) {
                         if (!pieces.any_to_write) return false;
                         if (stamp.size_bytes > file.size_bytes) return true;
                         const bool unclear =
                             any_match && !pieces.any_inside && stamp.size_bytes == file.size_bytes;
                         return !pieces.any_there && !unclear;
                     });
}

std::string find_longer_file(const metainfo::Metainfo& torrent, const FoundFiles& found) {
    return find_file(torrent, found,
                     [](const storage::PlannedFile& file, const storage::FileStamp& stamp,
                        const FilePieces& pieces) {
                         return stamp.size_bytes > file.size_bytes && !pieces.any_to_write;
                     });
}

}  // namespace spate::driver
