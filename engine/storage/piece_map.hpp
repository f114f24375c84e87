#pragma once
// engine/storage/piece_map.hpp: where the bytes of a piece are, and which pieces a file needs.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/assert.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/strong.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::storage {

/// A file of one torrent: its place in Metainfo::files.
using FileIndex = Strong<struct FileIndexTag, std::uint32_t>;

/// Consecutive bytes of one file; never empty.
struct FileSlice {
    FileIndex file;
    std::uint64_t offset_bytes = 0;
    std::uint32_t length_bytes = 0;
    /// Reads as zeros, is never written, and has no file on disk.
    bool pad = false;

    bool operator==(const FileSlice&) const = default;
};

/// Pieces `first` up to, but without, `end`.
struct PieceRange {
    PieceIndex first;
    PieceIndex end;

    bool empty() const { return first == end; }
    bool operator==(const PieceRange&) const = default;
};

/// The torrent's byte space: pieces on one side, files on the other. Built once, immutable, shared
/// by all cores. Empty files hold no bytes: no slice names them and their piece range is empty.
class PieceMap {
public:
    explicit PieceMap(const metainfo::Metainfo& torrent);

    std::uint32_t piece_count() const { return piece_count_; }
    std::size_t file_count() const { return starts_.size() - 1; }
    std::uint64_t total_bytes() const { return starts_.back(); }
    std::uint32_t piece_length_bytes() const { return piece_length_bytes_; }
    /// As Metainfo::piece_size_bytes: in a v2-only torrent the padding behind a file is no part of
    /// its last piece.
    std::uint32_t piece_size_bytes(PieceIndex piece) const;

    std::uint64_t file_size_bytes(FileIndex file) const {
        return starts_[checked(file) + 1] - starts_[checked(file)];
    }
    bool is_pad(FileIndex file) const { return pads_[checked(file)]; }

    /// Calls `use(const FileSlice&)` for each part of `block` in order; together they cover it.
    /// O(log files + slices), no allocation. The block lies within its piece.
    template <class Use>
    void for_each_slice(BlockRef block, Use&& use) const {
        check(block);
        std::uint64_t at = offset_of(block.piece) + block.offset;
        std::uint32_t rest = block.length;
        for (std::size_t i = rest == 0 ? 0 : find(at); rest > 0; ++i) {
            const FileIndex file{files_with_bytes_[i]};
            const std::uint64_t in_file = at - starts_[file.value];
            const std::uint64_t left = file_size_bytes(file) - in_file;
            const auto length = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, rest));
            use(FileSlice{file, in_file, length, pads_[file.value]});
            at += length;
            rest -= length;
        }
    }

    std::vector<FileSlice> slices(BlockRef block) const;
    std::vector<FileSlice> slices(PieceIndex piece) const;

    /// The pieces with bytes of `file`.
    PieceRange pieces_of(FileIndex file) const;
    /// The pieces with bytes of `file` from `offset_bytes` (at most its size) on.
    PieceRange pieces_of(FileIndex file, std::uint64_t offset_bytes) const;

private:
    std::size_t checked(FileIndex file) const {
        SPATE_ASSERT(file.value < file_count());
        return file.value;
    }
    std::uint64_t offset_of(PieceIndex piece) const {
        return std::uint64_t{piece.value} * piece_length_bytes_;
    }
    void check(BlockRef block) const;
    /// The place in files_with_bytes_ of the file that has the torrent's byte `at`.
    std::size_t find(std::uint64_t at) const;

    std::uint32_t piece_length_bytes_;
    std::uint32_t piece_count_;
    bool pieces_end_with_files_;
    /// Where each file starts in the byte space, and at the end where the last one ends.
    std::vector<std::uint64_t> starts_;
    std::vector<bool> pads_;
    std::vector<std::uint32_t> files_with_bytes_;
};

}  // namespace spate::storage
