#pragma once
// engine/driver/content/foreign_file.hpp: files that were there before a download, and aren't its.
#include <optional>
#include <span>
#include <string>

#include "engine/base/bitfield.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "engine/storage/resume_state.hpp"

namespace spate::driver {

/// How the torrent's files looked before the check, and what the check has found.
struct FoundFiles {
    std::span<const std::optional<storage::FileStamp>> stamps;
    const Bitfield& have;
    const Bitfield& skipped;  // pieces nobody wants; empty: none
};

/// The path of the first file that a download would write to although it has data of somebody
/// else's: no piece of it matches, or it is longer than the torrent says; empty when there is none.
/// A file of the right size that no piece lies in whole can't be judged, and is taken for the
/// torrent's where other pieces match.
std::string find_foreign_file(const metainfo::Metainfo& torrent, const FoundFiles& found);

/// The path of the first file that is longer than the torrent says, and that is complete
/// otherwise; empty when there is none.
std::string find_longer_file(const metainfo::Metainfo& torrent, const FoundFiles& found);

}  // namespace spate::driver
