#pragma once
// engine/driver/content/resume_file.hpp: resume records in FOLDER/.spate/INFO-HASH.resume.
#include <expected>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/metainfo/metainfo.hpp"
#include "engine/storage/check_plan.hpp"
#include "engine/storage/resume_state.hpp"

namespace spate::driver {

/// How files look: one each, nothing where there is no regular file.
using FileStamps = std::vector<std::optional<storage::FileStamp>>;

/// How the torrent's files look now. Take them before the pieces that the record claims: a piece
/// written in between then makes its file look changed, never a missing piece look stored. Fails,
/// with a sentence, when a lack of descriptors or memory kept it from looking.
std::expected<FileStamps, std::string> look_at_files(const metainfo::Metainfo& torrent,
                                                     const std::filesystem::path& folder);

/// Likewise, for those who can check what they couldn't look at: nothing then, too.
FileStamps stamp_files(const metainfo::Metainfo& torrent, const std::filesystem::path& folder);

/// The first file with bytes of a piece in `have` that isn't there any more, or isn't as in `files`
/// (one each), as a sentence; empty when there is none. Fails as look_at_files().
std::expected<std::string, std::string> find_lost_file(
    const metainfo::Metainfo& torrent, const std::filesystem::path& folder, const Bitfield& have,
    std::span<const std::optional<storage::FileStamp>> files);

/// Zeros where the system doesn't tell, which means: after any restart of it, check.
storage::BootId read_boot_id();

/// Where the record is.
std::filesystem::path resume_path(const std::filesystem::path& folder, const InfoHash& info_hash);

/// Nothing when there is none. A damaged or foreign one is a sentence.
std::expected<std::optional<storage::ResumeState>, std::string> load_resume(
    const metainfo::Metainfo& torrent, const std::filesystem::path& folder);

/// Replaces the record whole or not at all.
std::expected<void, std::string> save_resume(const storage::ResumeState& record,
                                             const std::filesystem::path& folder);

/// What a resume record and the look of the files say about each piece.
struct ResumePlan {
    /// Trusted without reading.
    Bitfield have;
    /// To be hashed.
    Bitfield check;
    /// How the files looked before any of them is read: what a record of the check's result says.
    std::vector<std::optional<storage::FileStamp>> files{};
    /// Why the record wasn't used, if there is one and it wasn't: a sentence.
    std::string warning;
    bool had_record = false;
    /// A record of a download is there, however old or damaged: the files are ours to write.
    bool downloads = false;
    /// All pieces are trusted: a new record would say the same.
    bool complete = false;
};

/// `full_check`: whatever the record says.
ResumePlan plan_resume(const metainfo::Metainfo& torrent, const std::filesystem::path& folder,
                       bool full_check);

}  // namespace spate::driver
