#include "engine/driver/content/resume_file.hpp"

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <thread>

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

bool is_lack(const std::error_code& error) {
    return error == std::errc::too_many_files_open ||
           error == std::errc::too_many_files_open_in_system ||
           error == std::errc::not_enough_memory;
}

std::unexpected<std::string> unseen(const fs::path& path, const std::error_code& error) {
    return std::unexpected(fmt::format("cannot look at {}: {}", path.string(), error.message()));
}

/// Of the file system that the file is on; one that can't be opened can't be read either.
std::expected<bool, std::error_code> has_stable_inodes(int directory, const std::string& path) {
    const auto file = io::open_beneath(directory, path);
    if (!file && is_lack(file.error())) return std::unexpected(file.error());
    return file && io::has_stable_inodes(file->get());
}

}  // namespace

fs::path resume_path(const fs::path& folder, const InfoHash& info_hash) {
    return records_path(folder) / record_name(info_hash);
}

std::expected<FileStamps, std::string> look_at_files(const metainfo::Metainfo& torrent,
                                                     const fs::path& folder) {
    FileStamps stamps(torrent.files.size());
    const auto directory = io::open_directory(folder.string());
    if (!directory && is_lack(directory.error())) return unseen(folder, directory.error());
    if (!directory) return stamps;
    const std::vector<storage::PlannedFile> files = storage::lay_out(torrent);
    std::map<std::uint64_t, bool> filesystems;  // by device: whether their inodes are stable
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (files[i].pad) continue;
        const auto info = io::file_info_beneath(directory->get(), files[i].path);
        if (!info && is_lack(info.error())) return unseen(folder / files[i].path, info.error());
        if (!info) continue;
        if (!filesystems.contains(info->device)) {
            const auto stable = has_stable_inodes(directory->get(), files[i].path);
            if (!stable) return unseen(folder / files[i].path, stable.error());
            filesystems[info->device] = *stable;
        }
        stamps[i] = stamp_of(*info, filesystems[info->device]);
    }
    return stamps;
}

FileStamps stamp_files(const metainfo::Metainfo& torrent, const fs::path& folder) {
    return look_at_files(torrent, folder).value_or(FileStamps(torrent.files.size()));
}

std::expected<std::string, std::string> find_lost_file(
    const metainfo::Metainfo& torrent, const fs::path& folder, const Bitfield& have,
    std::span<const std::optional<storage::FileStamp>> known) {
    const auto looks = look_at_files(torrent, folder);
    if (!looks) return std::unexpected(looks.error());
    const FileStamps& stamps = *looks;
    const storage::PieceMap map(torrent);
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
    return std::string();
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

namespace {

/// At the start nothing waits for it, and what isn't seen would count as not there.
FileStamps wait_for_looks(const metainfo::Metainfo& torrent, const fs::path& folder) {
    constexpr int tries_max = 50;
    constexpr std::chrono::milliseconds pause(100);
    for (int tries = 0; tries < tries_max; ++tries) {
        if (auto looks = look_at_files(torrent, folder)) return std::move(*looks);
        std::this_thread::sleep_for(pause);
    }
    return stamp_files(torrent, folder);
}

}  // namespace

ResumePlan plan_resume(const metainfo::Metainfo& torrent, const fs::path& folder, bool full_check) {
    ResumePlan plan{.have = Bitfield(torrent.piece_count()),
                    .check = Bitfield(torrent.piece_count()),
                    .files = wait_for_looks(torrent, folder),
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
