#include "engine/driver/content/resume_file.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <map>

#include <fmt/format.h>

#include "engine/base/hex.hpp"
#include "engine/driver/content/file_stamp.hpp"
#include "engine/driver/content/record_file.hpp"
#include "engine/storage/file_layout.hpp"
#include "engine/storage/piece_map.hpp"
#include "io/file.hpp"

namespace spate::driver {
namespace {

namespace fs = std::filesystem;

/// More than a record of the most pieces and files can have.
constexpr std::size_t record_bytes_max = 16 << 20;

std::string record_name(const InfoHash& info_hash) {
    return to_hex(info_hash.bytes) + ".resume";
}

/// Of the file system that the file is on; one that can't be opened can't be read either.
bool has_stable_inodes(int directory, const std::string& path) {
    const auto file = io::open_beneath(directory, path);
    return file && io::has_stable_inodes(file->get());
}

}  // namespace

fs::path resume_path(const fs::path& folder, const InfoHash& info_hash) {
    return records_path(folder) / record_name(info_hash);
}

std::vector<std::optional<storage::FileStamp>> stamp_files(const metainfo::Metainfo& torrent,
                                                           const fs::path& folder) {
    std::vector<std::optional<storage::FileStamp>> stamps(torrent.files.size());
    const auto directory = io::open_directory(folder.string());
    if (!directory) return stamps;
    const std::vector<storage::PlannedFile> files = storage::lay_out(torrent);
    std::map<std::uint64_t, bool> filesystems;  // by device: whether their inodes are stable
    const auto stable = [&](std::uint64_t device, std::size_t file) {
        const auto [known, added] = filesystems.try_emplace(device, true);
        if (added) known->second = has_stable_inodes(directory->get(), files[file].path);
        return known->second;
    };
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (files[i].pad) continue;
        const auto info = io::file_info_beneath(directory->get(), files[i].path);
        if (info) stamps[i] = stamp_of(*info, stable(info->device, i));
    }
    return stamps;
}

std::string find_lost_file(const metainfo::Metainfo& torrent, const fs::path& folder,
                           const Bitfield& have,
                           std::span<const std::optional<storage::FileStamp>> known) {
    const storage::PieceMap map(torrent);
    const auto stamps = stamp_files(torrent, folder);
    const std::vector<storage::PlannedFile> files = storage::lay_out(torrent);
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (files[i].pad || files[i].size_bytes == 0) continue;
        storage::FileStamp expected = known[i].value_or(storage::FileStamp{});
        if (stamps[i] && stamps[i]->inode == 0) expected.inode = 0;
        if (stamps[i] && *stamps[i] == expected) continue;
        const bool cut = stamps[i] && stamps[i]->size_bytes < files[i].size_bytes;
        const auto pieces = map.pieces_of(storage::FileIndex(static_cast<std::uint32_t>(i)));
        for (PieceIndex piece = pieces.first; piece < pieces.end; ++piece)
            if (have.test(piece.value))
                return fmt::format("{} {}", (folder / files[i].path).string(),
                                   cut         ? "was cut"
                                   : stamps[i] ? "was changed or replaced by another program"
                                               : "is gone");
    }
    return {};
}

storage::BootId read_boot_id() {
    storage::BootId id;
    std::ifstream file("/proc/sys/kernel/random/boot_id");  // its size is said to be 0
    std::string text;
    std::getline(file, text);
    std::string digits;
    for (const char c : text)
        if (hex_digit(c)) digits += c;
    if (!from_hex(digits, id.bytes)) return {};
    return id;
}

std::expected<std::optional<storage::ResumeState>, std::string> load_resume(
    const metainfo::Metainfo& torrent, const fs::path& folder) {
    const auto bytes = read_record(folder, record_name(torrent.info_hash), record_bytes_max);
    if (!bytes) {
        if (bytes.error() == std::errc::no_such_file_or_directory) return std::nullopt;
        return std::unexpected(
            fmt::format("cannot read the resume record: {}", bytes.error().message()));
    }
    auto record = storage::decode_resume_state(*bytes);
    if (!record) return std::unexpected(std::string(storage::describe(record.error())));
    if (!storage::fits(*record, storage::PieceMap(torrent), torrent.info_hash))
        return std::unexpected("the resume record is of another torrent");
    return std::move(*record);
}

std::expected<void, std::string> save_resume(const storage::ResumeState& record,
                                             const fs::path& folder) {
    return write_record(folder, record_name(record.info_hash), storage::encode(record));
}

ResumePlan plan_resume(const metainfo::Metainfo& torrent, const fs::path& folder, bool full_check) {
    ResumePlan plan{.have = Bitfield(torrent.piece_count()),
                    .check = Bitfield(torrent.piece_count()),
                    .files = stamp_files(torrent, folder),
                    .warning = {}};
    auto record = load_resume(torrent, folder);
    if (!record) {
        plan.warning = record.error();
        plan.downloads = true;  // it is of an older version, or nobody can tell any more
    }
    const storage::ResumeState* usable = nullptr;
    if (record && record->has_value()) {
        plan.had_record = true;
        plan.downloads = (*record)->downloads;
        if (!full_check) usable = &**record;
    }
    const storage::CheckPlan checks =
        storage::plan_check(storage::PieceMap(torrent), usable, plan.files, read_boot_id());
    for (std::size_t piece = 0; piece < checks.pieces.size(); ++piece) {
        if (checks.pieces[piece] == storage::PieceTrust::trusted) plan.have.set(piece);
        if (checks.pieces[piece] == storage::PieceTrust::must_check) plan.check.set(piece);
    }
    plan.complete = usable != nullptr && plan.have.all();
    return plan;
}

}  // namespace spate::driver
