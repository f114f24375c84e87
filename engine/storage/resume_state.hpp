#pragma once
// engine/storage/resume_state.hpp: what is remembered of a torrent between runs.
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"

namespace spate::storage {

/// Where the records are, below the download folder. No torrent may have this name: its files would
/// replace those of others.
inline constexpr std::string_view records_folder = ".spate";

/// Linux's /proc/sys/kernel/random/boot_id: another one after every start of the machine.
using BootId = Digest<struct BootIdTag, 16>;

/// How a file looked; if it looks the same later, it is the same file and nobody has written to it.
struct FileStamp {
    std::uint64_t size_bytes = 0;
    std::int64_t mtime_ns = 0;
    /// Moves with every change, and unlike the time of modification nobody can set it back.
    std::int64_t ctime_ns = 0;
    /// 0 where the file system has no stable ones: such a file never looks the same.
    std::uint64_t inode = 0;
    /// Means something until the machine is started anew: devices may be numbered otherwise then.
    std::uint64_t device = 0;

    bool operator==(const FileStamp&) const = default;
};

/// The record. It is written after the data it speaks of: every piece in `have` was verified and
/// was on the disk itself (fsync) before the record, so that it holds after a crash of the machine
/// and after a volume was lost and came back.
struct ResumeState {
    InfoHash info_hash;
    /// Of the machine's run that wrote the record.
    BootId boot_id;
    /// A download began here: the files of the torrent's are spate's to write. Otherwise they were
    /// only seeded.
    bool downloads = false;
    std::uint64_t uploaded_bytes = 0;
    std::uint64_t downloaded_bytes = 0;
    Bitfield have;
    /// One for each file of the torrent; nothing where there was none on disk.
    std::vector<std::optional<FileStamp>> files;

    bool operator==(const ResumeState&) const = default;
};

enum class ResumeError : std::uint8_t {
    too_short,
    bad_magic,
    unknown_version,
    bad_checksum,
    too_many_pieces,
    too_many_files,
    wrong_length,
    bad_bitfield,
    bad_flag,
};

/// The end of a sentence: "the resume record is damaged (checksum)".
std::string_view describe(ResumeError error);

/// Magic, version, fields in network order, and XXH3-64 over all of it.
std::vector<std::byte> encode(const ResumeState& state);

/// Believes nothing: lengths are checked before memory is taken for them. Pieces and files are
/// limited as in metainfo.hpp.
std::expected<ResumeState, ResumeError> decode_resume_state(Bytes record);

}  // namespace spate::storage
