#include "engine/cli/file_recheck.hpp"

#include <algorithm>
#include <cerrno>

#include "engine/driver/content/resume_file.hpp"
#include "engine/driver/file_trouble.hpp"
#include "engine/storage/piece_map.hpp"

namespace spate::cli {

FileRecheck::FileRecheck(Request request) : request_(std::move(request)) {}

bool FileRecheck::is_left_alone(std::size_t at, const Stamps& before) const {
    const auto& lost = request_.lost_looks[at];
    return lost && *lost == before[request_.files[at]];
}

/// The looks are taken first, and again afterwards: what changed in between proves nothing.
void FileRecheck::run(const hashing::Hasher& hasher, const std::stop_token& stop) {
    const metainfo::Metainfo& torrent = *request_.metainfo;
    const auto before = driver::look_at_files(torrent, request_.folder);
    if (!before) {
        failure_ = before.error();
        return;
    }
    bool any = false;
    for (std::size_t i = 0; i < request_.files.size(); ++i) any |= !is_left_alone(i, *before);
    Bitfield good(torrent.piece_count());
    if (any && !request_.pieces.none()) {
        const auto report = driver::check_content({.torrent = torrent,
                                                   .folder = request_.folder,
                                                   .pieces = request_.pieces,
                                                   .threads = request_.threads,
                                                   .background = true},
                                                  hasher, progress_, stop);
        if (!report) {
            failure_ = report.error();
            return;
        }
        cancelled_ = report->cancelled;
        good = report->good;
        note_faults(report->faults);
    }
    if (const auto after = driver::look_at_files(torrent, request_.folder))
        compare(*before, *after, good);
    else
        failure_ = after.error();
}

void FileRecheck::note_faults(const std::vector<driver::FileFault>& faults) {
    for (const driver::FileFault& fault : faults) {
        if (fault.error == 0 || fault.error == ENOENT) continue;
        const auto [known, added] =
            faults_.try_emplace(static_cast<std::uint32_t>(fault.file), fault.error);
        if (!added && driver::is_shortage(driver::trouble_of_errno(fault.error)))
            known->second = fault.error;
    }
}

bool FileRecheck::lacked(std::uint32_t file) const {
    const auto fault = faults_.find(file);
    return fault != faults_.end() && driver::is_shortage(driver::trouble_of_errno(fault->second));
}

void FileRecheck::compare(const Stamps& before, const Stamps& after, const Bitfield& good) {
    const storage::PieceMap map(*request_.metainfo);
    result_.checked = request_.pieces;
    result_.good = good;
    for (const std::uint32_t file : request_.files) {
        if (before[file] == after[file] && !lacked(file)) {
            result_.files.emplace_back(file, before[file]);
            continue;
        }
        restless_.push_back(file);
        const storage::PieceRange range = map.pieces_of(storage::FileIndex(file));
        for (PieceIndex piece = range.first; piece < range.end; ++piece) {
            result_.checked.reset(piece.value);
            result_.good.reset(piece.value);
        }
    }
}

bool FileRecheck::whole(std::uint32_t file) const {
    const storage::PieceMap map(*request_.metainfo);
    const storage::PieceRange range = map.pieces_of(storage::FileIndex(file));
    for (PieceIndex piece = range.first; piece < range.end; ++piece)
        if (result_.checked.test(piece.value) && !result_.good.test(piece.value)) return false;
    return true;
}

}  // namespace spate::cli
