#pragma once
// engine/driver/content/content_check.hpp: which pieces of a torrent are on disk.
#include <cstdint>
#include <expected>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/driver/content/content_survey.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "hashing/hasher.hpp"
#include "hashing/verify_pipeline.hpp"

namespace spate::driver {

struct ContentCheck {
    const metainfo::Metainfo& torrent;
    /// Where the torrent's name lives (storage/file_layout.hpp).
    std::filesystem::path folder;
    /// Pieces to check. Empty: all.
    Bitfield pieces;
    unsigned threads = 1;
    /// Beside transfers, which come first (hashing::PieceRun::background).
    bool background = false;
};

/// Of the pieces that were to be checked.
struct ContentReport {
    bool cancelled = false;
    /// One bit a piece of the torrent.
    Bitfield good;
    /// There, and not what the torrent says.
    std::vector<PieceIndex> bad;
    /// Not there, or only in part, or unreadable.
    std::vector<PieceIndex> missing;
    /// Of all files, wanted or not, in no fixed order.
    std::vector<FileFault> faults;
    std::size_t files_there = 0;
};

/// What the progress of checking all pieces comes to.
std::uint64_t bytes_to_check(const metainfo::Metainfo& torrent);

/// Where a piece of the torrent lies in its content_files().
hashing::PieceExtent piece_extent(const metainfo::Metainfo& torrent, PieceIndex piece);

/// Reads and hashes on `threads` threads, for v1 and v2 at once: a piece is good if it is what each
/// says that the torrent has. Pieces in files that are absent or too short cost
/// nothing, nor do holes of sparse files. What can't be read is reported, and the rest is checked.
/// Ends soon after a stop is requested. `progress` reaches the bytes of the pieces to check. Fails,
/// with a sentence, only when the folder can't be opened, or the torrent has no hashes of its
/// pieces. Blocks.
std::expected<ContentReport, std::string> check_content(const ContentCheck& check,
                                                        const hashing::Hasher& hasher,
                                                        hashing::PieceProgress& progress,
                                                        std::stop_token stop);

/// "DIR/a/b.iso is missing": a sentence without its full stop.
std::string describe_fault(const metainfo::Metainfo& torrent, const std::filesystem::path& folder,
                           const FileFault& fault);

}  // namespace spate::driver
