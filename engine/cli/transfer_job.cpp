#include "engine/cli/transfer_job.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/assert.hpp"
#include "engine/base/hex.hpp"
#include "engine/cli/selection.hpp"
#include "engine/cli/units.hpp"
#include "engine/driver/content/foreign_file.hpp"
#include "engine/driver/content/metadata_file.hpp"
#include "engine/metainfo/text.hpp"

namespace spate::cli {
namespace {

constexpr Duration resume_interval = 10s;
/// Of the newest second in the rates shown.
constexpr double rate_weight = 0.4;

double smoothed(double old_rate, std::uint64_t before, std::uint64_t after, double seconds) {
    const double now = static_cast<double>(after - std::min(before, after)) / seconds;
    return old_rate == 0 ? now : old_rate + rate_weight * (now - old_rate);
}

}  // namespace

TransferJob::TransferJob(TransferItem item, Environment& environment, unsigned check_threads)
    : item_(std::move(item)), environment_(environment), check_threads_(check_threads) {}

std::string TransferJob::info_hash() const {
    return to_hex(item_.metainfo->info_hash.bytes);
}

/// The torrent's file or folder.
std::string TransferJob::data_path() const {
    return (std::filesystem::path(item_.folder) / name()).string();
}

void TransferJob::fail(const std::string& sentence, const std::string& what, int code) {
    environment_.console.error(sentence, what);
    phase_ = Phase::ended;
    failure_ = code;
}

// --- The check

TransferJob::CheckResult TransferJob::check(const std::stop_token& stop) {
    const metainfo::Metainfo& torrent = *item_.metainfo;
    if (item_.verified) {
        driver::ResumePlan plan{.have = Bitfield(torrent.piece_count()),
                                .check = {},
                                .files = std::move(item_.stamps),
                                .warning = {}};
        plan.have.set_all();
        return {std::move(plan), driver::ContentReport{}};
    }
    driver::ResumePlan plan = driver::plan_resume(torrent, item_.folder, item_.full_check);
    // A seed looks at its files even when there is nothing to hash, to say what is missing.
    if (plan.check.none() && !(item_.seed_only && plan.have.none()))
        return {std::move(plan), driver::ContentReport{}};
    auto report = driver::check_content({.torrent = torrent,
                                         .folder = item_.folder,
                                         .pieces = plan.check,
                                         .threads = check_threads_,
                                         .background = true},
                                        environment_.hasher, check_progress_, stop);
    return {std::move(plan), std::move(report)};
}

void TransferJob::begin_check() {
    phase_ = Phase::checking;
    looked_ = environment_.context.now();
    checked_.store(false, std::memory_order_relaxed);
}

void TransferJob::run_check(const std::stop_token& stop) {
    if (stop.stop_requested()) return;
    check_ = std::make_unique<CheckResult>(check(stop));
    checked_.store(true, std::memory_order_release);
}

Bitfield TransferJob::verified_pieces(CheckResult& result) {
    Bitfield have = std::move(result.plan.have);
    for (std::size_t piece = 0; piece < result.report->good.size(); ++piece)
        if (result.report->good.test(piece)) have.set(piece);
    return have;
}

bool TransferJob::enough_to_seed(const Bitfield& have, const CheckResult& result) {
    if (!have.none()) return true;
    if (result.report->files_there == 0 && !result.report->faults.empty()) {
        fail(fmt::format("nothing of {} is in {}: {}; name its folder with --data",
                         metainfo::quoted(name()), item_.folder,
                         driver::describe_fault(*item_.metainfo, item_.folder,
                                                result.report->faults.front())),
             data_path());
    } else {
        fail(fmt::format("no piece of {} in {} matches its hash", metainfo::quoted(name()),
                         item_.folder),
             data_path(), exit_mismatch);
    }
    return false;
}

void TransferJob::warn_of_partial_seed(const Bitfield& have, const CheckResult& result) {
    std::string first;
    if (!result.report->faults.empty())
        first = "; " + driver::describe_fault(*item_.metainfo, item_.folder,
                                              result.report->faults.front());
    environment_.console.warning(
        fmt::format("{} of {} pieces of {} are there and match; only these are seeded{}",
                    have.count(), have.size(), metainfo::quoted(name()), first),
        data_path());
}

std::optional<Bitfield> TransferJob::skipped(const Bitfield& have) {
    if (item_.seed_only) {
        Bitfield absent(have.size());
        for (std::size_t piece = 0; piece < have.size(); ++piece)
            if (!have.test(piece)) absent.set(piece);
        return absent.none() ? Bitfield() : absent;
    }
    if (item_.select.empty()) return Bitfield();
    const auto selected = files_meant(item_.select, "--select");
    if (!selected) return std::nullopt;
    return skipped_pieces(*item_.metainfo, *selected);
}

std::optional<Bitfield> TransferJob::preferred() {
    if (item_.first.empty()) return Bitfield();
    const auto files = files_meant(item_.first, "--first");
    if (!files) return std::nullopt;
    return pieces_of(*item_.metainfo, *files);
}

std::optional<std::vector<bool>> TransferJob::files_meant(const std::vector<std::string>& patterns,
                                                          const char* option) {
    auto files = select_files(*item_.metainfo, patterns, option);
    if (files) return *std::move(files);
    fail(files.error(), option, exit_usage);
    return std::nullopt;
}

void TransferJob::start(driver::Engine& engine, driver::PathLocks& locks,
                        const std::string& taken_path) {
    CheckResult result = std::move(*check_);
    check_.reset();
    Console& console = environment_.console;
    if (!result.plan.warning.empty())
        console.warning(fmt::format("{}: {}; all data is checked", name(), result.plan.warning),
                        driver::resume_path(item_.folder, item_.metainfo->info_hash).string());
    if (!result.report) return fail(result.report.error(), item_.folder);
    if (result.report->cancelled) {
        phase_ = Phase::ended;
        return;
    }
    recorded_ = result.plan.complete;
    downloads_ = result.plan.downloads;
    data_synced_ = result.plan.check.none() && !item_.verified;
    Bitfield have = verified_pieces(result);
    if (item_.seed_only) {
        if (!enough_to_seed(have, result)) return;
        if (!have.all()) warn_of_partial_seed(have, result);
    }
    auto unwanted = skipped(have);
    if (!unwanted) return;
    auto first = preferred();
    if (!first) return;
    if (!item_.seed_only) {
        if (!spares_files_of_others(result.plan, have, *unwanted)) return;
    }
    const bool writes = !item_.seed_only && !have.all();
    const auto use = writes ? driver::PathLocks::Use::download : driver::PathLocks::Use::seed;
    if (!lock_paths(locks, use, writes ? taken_path : std::string())) return;
    if (writes && !result.plan.downloads) save_first_record(result.plan);
    hand_over(engine, {.have = std::move(have),
                       .stamps = std::move(result.plan.files),
                       .skipped = std::move(*unwanted),
                       .preferred = std::move(*first)});
}

/// What was there before and isn't ours is the user's: refused, unless --overwrite says otherwise.
bool TransferJob::spares_files_of_others(const driver::ResumePlan& plan, const Bitfield& have,
                                         const Bitfield& unwanted) {
    const auto path_of = [&](const std::string& file) {
        return (std::filesystem::path(item_.folder) / file).string();
    };
    const driver::FoundFiles found{plan.files, have, unwanted};
    if (name().starts_with('.'))
        environment_.console.warning(
            fmt::format("{} is a hidden name, which programs may read settings from",
                        metainfo::quoted(name())),
            data_path());
    const std::string longer = driver::find_longer_file(*item_.metainfo, found);
    if (!longer.empty())
        environment_.console.warning(
            fmt::format("{} is longer than the torrent says; what is beyond its end there is left "
                        "as it is",
                        metainfo::quoted(path_of(longer))),
            path_of(longer));
    if (item_.overwrite || plan.downloads) return true;
    const std::string foreign = driver::find_foreign_file(*item_.metainfo, found);
    if (foreign.empty()) return true;
    fail(fmt::format("{} was there before and isn't what the torrent says; move it away, name "
                     "another folder, or replace it with --overwrite",
                     metainfo::quoted(path_of(foreign))),
         path_of(foreign));
    return false;
}

/// Before the first file is made: it says that they are ours, and claims no piece.
void TransferJob::save_first_record(const driver::ResumePlan& plan) {
    storage::ResumeState record{.info_hash = item_.metainfo->info_hash,
                                .boot_id = driver::read_boot_id(),
                                .downloads = true,
                                .have = Bitfield(item_.metainfo->piece_count()),
                                .files = plan.files};
    for (auto& stamp : record.files)
        if (stamp) *stamp = {};  // which is to be checked
    if (const auto saved = driver::save_resume(record, item_.folder); !saved)
        on_unsaved(saved.error());
}

// --- The transfer

/// Two that write the same files would each undo what the other records, and a seed would serve
/// what is just being replaced.
bool TransferJob::lock_paths(driver::PathLocks& locks, driver::PathLocks::Use use,
                             const std::string& taken_path) {
    if (!taken_path.empty()) {
        fail(fmt::format("{} would write {}, as another of these torrents does; get it into "
                         "another folder",
                         metainfo::quoted(name()), metainfo::quoted(taken_path)),
             data_path());
        return false;
    }
    auto lock = locks.take(item_.folder, *item_.metainfo, use);
    if (lock) {
        lock_.emplace(*std::move(lock));
        return true;
    }
    const bool written = lock.error() == driver::LockConflict::downloaded;
    fail(fmt::format("another spate, or another of these torrents, is {} {}; end it, or name "
                     "another folder",
                     written ? "downloading to" : "seeding from", metainfo::quoted(data_path())),
         data_path());
    return false;
}

/// `spec` says which pieces are there and which are wanted; the rest is the item's.
void TransferJob::hand_over(driver::Engine& engine, driver::TorrentSpec spec) {
    spec.metainfo = item_.metainfo;
    spec.folder = item_.folder;
    spec.trackers = item_.trackers;
    spec.peers = item_.peers;
    spec.told_peers = item_.told_peers;
    spec.allocation = item_.allocation;
    spec.writes = item_.writes;
    spec.downloads = !item_.seed_only;
    spec.up_bytes_per_s = item_.up_bytes_per_s;
    spec.down_bytes_per_s = item_.down_bytes_per_s;
    if (is_played()) spec.play.emplace().rate_bytes_per_s = item_.play_bytes_per_s;
    auto id = engine.add(std::move(spec));
    if (!id) return fail(id.error(), item_.folder);
    id_ = *id;
    phase_ = Phase::running;
    started_ = looked_ = environment_.context.now();
    next_save_ = started_ + resume_interval;
    status_ = engine.status(*id_);
}

void TransferJob::start_metadata(driver::Engine& engine) {
    hand_over(engine, {});
}

bool TransferJob::adopt_metadata(const driver::MetadataReady& ready) {
    auto parsed = metainfo::parse_info(ready.info_bytes, ready.layers);
    if (!parsed) {
        fail(fmt::format("the metadata of {} is refused: {}", metainfo::quoted(name()),
                         parsed.error().sentence),
             info_hash());
        return false;
    }
    SPATE_ASSERT(metainfo::is_info_of(*item_.metainfo, parsed->info_bytes));
    if (const auto saved = driver::save_metadata(*parsed, *item_.metainfo, item_.folder); !saved)
        on_unsaved(saved.error());
    parsed->tracker_tiers.assign(item_.trackers.tiers().begin(), item_.trackers.tiers().end());
    parsed->web_seeds = item_.metainfo->web_seeds;
    item_.metainfo = std::make_shared<const metainfo::Metainfo>(std::move(*parsed));
    for (const Endpoint& peer : ready.peers)
        if (std::ranges::find(item_.peers, peer) == item_.peers.end())
            item_.told_peers.push_back(peer);
    id_.reset();
    phase_ = Phase::waiting;
    return true;
}

/// What was written is complete, but somebody removed it meanwhile, or that can't be seen yet.
bool TransferJob::lost_a_file(driver::Engine& engine) {
    const driver::Recordable known = engine.recordable(*id_);
    const auto lost =
        driver::find_lost_file(*item_.metainfo, item_.folder, known.have, known.files);
    if (!lost) {
        engine.sync(*id_);  // and looks again
        if (std::exchange(look_failure_, lost.error()) != lost.error())
            environment_.console.warning(lost.error() + "; it is tried again", data_path());
        return true;
    }
    if (lost->empty()) return false;
    engine.stop_torrent(*id_);
    fail(fmt::format("{} stopped: {}; the same command gets what is missing",
                     metainfo::quoted(name()), *lost),
         data_path());
    return true;
}

void TransferJob::finish(driver::Engine& engine) {
    if (complete_ || finishing_ || phase_ != Phase::running || item_.awaits_metadata()) return;
    finishing_ = true;
    engine.sync(*id_);
}

void TransferJob::on_completed(driver::Engine& engine) {
    if (complete_ || item_.awaits_metadata()) return;
    if (!engine.status(*id_).complete) {
        finishing_ = false;  // it was lost while it was synced, and is completed again
        return;
    }
    if (!item_.seed_only && lost_a_file(engine)) return;
    complete_ = true;
    if (lock_) lock_->share();
    status_ = engine.status(*id_);
    if (!item_.seed_only) {
        const double seconds = to_seconds(environment_.context.now() - started_);
        environment_.console.event(
            "complete",
            {{"info_hash", info_hash()}, {"bytes", status_.total_bytes}, {"seconds", seconds}});
        environment_.console.say(fmt::format("{}: complete, {} in {:.1f} s", name(),
                                             format_bytes(static_cast<double>(status_.total_bytes)),
                                             seconds));
    }
}

void TransferJob::on_stopped(const std::string& reason, driver::Engine& engine) {
    if (phase_ != Phase::running) return;
    look(engine, environment_.context.now());
    fail(fmt::format("{} stopped: {}", metainfo::quoted(name()), reason), data_path());
}

void TransferJob::on_paused(const std::string& reason) {
    if (phase_ != Phase::running) return;
    environment_.console.warning(fmt::format("{} waits: {}; it is tried again now and then",
                                             metainfo::quoted(name()), reason),
                                 data_path());
}

void TransferJob::on_resumed() {
    if (phase_ == Phase::running)
        environment_.console.say(fmt::format("{}: it can be written again and goes on", name()));
}

bool TransferJob::worth_a_record() const {
    return id_ && !item_.awaits_metadata();
}

bool TransferJob::sync_due(Time now) const {
    return phase_ == Phase::running && !complete_ && !finishing_ && worth_a_record() &&
           now >= next_save_;
}

void TransferJob::sync(driver::Engine& engine) {
    next_save_ = environment_.context.now() + resume_interval;
    engine.sync(*id_);
}

driver::DurableRecord TransferJob::take_record(driver::Engine& engine) {
    driver::Recordable known = engine.recordable(*id_);
    recorded_ = complete_;
    return {.torrent = item_.metainfo,
            .folder = item_.folder,
            .state = {.info_hash = item_.metainfo->info_hash,
                      .boot_id = driver::read_boot_id(),
                      .downloads = downloads_ || !item_.seed_only,
                      .uploaded_bytes = status_.uploaded_bytes,
                      .downloaded_bytes = status_.downloaded_bytes,
                      .have = std::move(known.have),
                      .files = std::move(known.files)},
            .data_synced = std::exchange(data_synced_, true)};
}

void TransferJob::on_unsaved(const std::string& sentence) {
    // A seed's folder may well be read-only; a download without records only costs a check.
    if (item_.seed_only)
        environment_.console.debug(sentence);
    else
        environment_.console.warning(sentence, item_.folder);
}

// --- Figures

bool TransferJob::look(driver::Engine& engine, Time now) {
    const double seconds = std::max(to_seconds(now - looked_), 1e-3);
    looked_ = now;
    const std::uint64_t checked = check_progress_.bytes;
    check_bytes_per_s_ = smoothed(check_bytes_per_s_, checked_before_, checked, seconds);
    checked_before_ = checked;
    const bool moved_on = std::exchange(looked_phase_, phase_) != phase_;
    if (!id_) return true;
    const driver::TorrentStatus before = status_;
    status_ = engine.status(*id_);
    if (status_.playing && !std::exchange(playing_told_, true)) tell_playing(now);
    const bool rested = down_bytes_per_s_ < 1 && up_bytes_per_s_ < 1;
    down_bytes_per_s_ =
        smoothed(down_bytes_per_s_, before.downloaded_bytes, status_.downloaded_bytes, seconds);
    up_bytes_per_s_ =
        smoothed(up_bytes_per_s_, before.uploaded_bytes, status_.uploaded_bytes, seconds);
    return moved_on || !rested || status_ != before;
}

void TransferJob::tell_playing(Time now) {
    const double seconds = to_seconds(now - started_);
    environment_.console.event("playing", {{"info_hash", info_hash()}, {"seconds", seconds}});
    environment_.console.say(fmt::format("{}: enough is there to begin to play", name()));
}

Progress TransferJob::progress() const {
    const metainfo::Metainfo& torrent = *item_.metainfo;
    Progress progress{.name = name().empty() ? info_hash() : name()};
    if (phase_ == Phase::waiting || phase_ == Phase::checking) {
        progress.done_bytes = check_progress_.bytes;
        progress.total_bytes = driver::bytes_to_check(torrent);
        progress.down_bytes_per_s = check_bytes_per_s_;
        return progress;
    }
    progress.state = phase_ == Phase::ended         ? TransferState::stopped
                     : item_.awaits_metadata()      ? TransferState::metadata
                     : complete_ || item_.seed_only ? TransferState::seeding
                                                    : TransferState::downloading;
    progress.done_bytes = status_.stored_bytes;
    progress.total_bytes = status_.total_bytes;
    progress.down_bytes_per_s = down_bytes_per_s_;
    progress.up_bytes_per_s = up_bytes_per_s_;
    progress.peers = status_.peers;
    progress.seeds = status_.seeds;
    return progress;
}

Json TransferJob::progress_json() const {
    const Progress now = progress();
    const bool checking = now.state == TransferState::checking;
    return {{"info_hash", info_hash()},
            {"state", state_name(now.state)},
            {"done_bytes", now.done_bytes},
            {"total_bytes", now.total_bytes},
            {"down_bytes_per_s", checking ? 0 : static_cast<std::uint64_t>(now.down_bytes_per_s)},
            {"up_bytes_per_s", static_cast<std::uint64_t>(now.up_bytes_per_s)},
            {"peers", now.peers},
            {"seeds", now.seeds}};
}

}  // namespace spate::cli
