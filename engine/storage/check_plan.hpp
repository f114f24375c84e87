#pragma once
// engine/storage/check_plan.hpp: which pieces must be hashed again when a torrent is resumed.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/storage/piece_map.hpp"
#include "engine/storage/resume_state.hpp"

namespace spate::storage {

enum class PieceTrust : std::uint8_t {
    /// Verified before, and nobody wrote to its files since.
    trusted,
    /// It may or may not be there: hash it.
    must_check,
    /// Can't be complete: don't read it.
    missing,
};

/// What to do for each piece before the torrent may start.
struct CheckPlan {
    std::vector<PieceTrust> pieces;

    std::size_t count(PieceTrust trust) const;
};

/// True when the record speaks of the torrent with this map and info-hash.
bool fits(const ResumeState& record, const PieceMap& map, const InfoHash& info_hash);

/// `found` says how each file looks now, nothing where there is none; `boot_id` is this run's.
/// `record` fits, or is nullptr when there is none.
///
/// A file that looks as in the record is unchanged: of its pieces those in `have` are trusted, and
/// the others are missing. Pieces that touch any other file must be checked. Pieces that need bytes
/// of a file which is absent or too short are missing whatever the record says. Pad files and empty
/// files don't matter.
CheckPlan plan_check(const PieceMap& map, const ResumeState* record,
                     std::span<const std::optional<FileStamp>> found, const BootId& boot_id);

}  // namespace spate::storage
