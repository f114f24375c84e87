// What a torrent does about files that change while it runs.
#include <fmt/format.h>

#include "engine/cli/transfer_job.hpp"
#include "engine/metainfo/text.hpp"
#include "engine/storage/piece_map.hpp"

namespace spate::cli {

void TransferJob::on_file_doubted(const driver::FileDoubted& doubt, Time now) {
    if (phase_ != Phase::running) return;
    doubts_.doubt(doubt.file, now);
    environment_.console.warning(
        fmt::format("{}; its pieces count as missing until it has been checked again",
                    doubt.sentence),
        data_path());
}

std::unique_ptr<FileRecheck> TransferJob::begin_recheck(const driver::Engine& engine, Time now) {
    if (!has_doubts() || !doubts_.due(now)) return nullptr;
    FileRecheck::Request request{.metainfo = item_.metainfo,
                                 .folder = item_.folder,
                                 .files = doubts_.take_due(now),
                                 .pieces = Bitfield(item_.metainfo->piece_count()),
                                 .lost_looks = {},
                                 .threads = check_threads_};
    const storage::PieceMap map(*item_.metainfo);
    const Bitfield doubtful = engine.doubtful_pieces(*id_);
    const Bitfield stored = engine.stored_pieces(*id_);
    for (const std::uint32_t file : request.files) {
        request.lost_looks.push_back(doubts_.lost_look(file));
        const storage::PieceRange range = map.pieces_of(storage::FileIndex(file));
        for (PieceIndex piece = range.first; piece < range.end; ++piece)
            // What a seed has lost may have come back.
            if (doubtful.test(piece.value) || (item_.seed_only && !stored.test(piece.value)))
                request.pieces.set(piece.value);
    }
    return std::make_unique<FileRecheck>(std::move(request));
}

void TransferJob::end_recheck(const FileRecheck& recheck, driver::Engine& engine, Time now) {
    if (phase_ != Phase::running || recheck.cancelled()) return;
    if (!recheck.failure().empty()) {
        for (const std::uint32_t file : recheck.files()) doubts_.doubt(file, now);
        if (std::exchange(recheck_failure_, recheck.failure()) != recheck.failure())
            environment_.console.warning(
                fmt::format("what changed can't be checked yet: {}", recheck.failure()),
                data_path());
        return;
    }
    engine.settle(*id_, recheck.result());
    for (const auto& [file, looks] : recheck.result().files) {
        if (recheck.whole(file) || !item_.seed_only)
            doubts_.whole(file);
        else if (recheck.unreadable(file))
            doubts_.lost(file, std::nullopt, now);
        else
            doubts_.lost(file, looks, now);
    }
    for (const std::uint32_t file : recheck.restless()) doubts_.doubt(file, now);
    tell_checked(recheck);
}

void TransferJob::tell_checked(const FileRecheck& recheck) {
    const std::size_t checked = recheck.result().checked.count();
    const std::size_t good = recheck.result().good.count();
    if (checked == 0) return;
    if (good == checked)
        return environment_.console.say(
            fmt::format("{}: what was changed is as the torrent says after all", name()));
    const std::size_t bad = checked - good;
    if (std::exchange(bad_pieces_told_, bad) == bad) return;  // a lost file that is still lost
    environment_.console.warning(
        fmt::format("{} of {} pieces of {} that were checked again are not there any more; {}", bad,
                    checked, metainfo::quoted(name()),
                    item_.seed_only ? "the others are seeded" : "they are got again"),
        data_path());
}

}  // namespace spate::cli
