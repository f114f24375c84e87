#include "engine/cli/transfer_loop.hpp"

#include <algorithm>
#include <filesystem>
#include <ranges>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/cli/torrent_maker.hpp"
#include "engine/cli/units.hpp"
#include "engine/metainfo/magnet.hpp"
#include "engine/storage/file_layout.hpp"

namespace spate::cli {
namespace {

/// Short, so that a download's time is told exactly; a turn costs some microseconds.
constexpr Duration turn_interval = 20ms;
/// While torrents are checked.
constexpr Duration start_interval = 5ms;
constexpr Duration report_interval = 1s;
/// What is done sooner needs no progress bar.
constexpr Duration first_report_delay = 200ms;
constexpr Duration plain_line_interval = 5s;

std::string magnet_of(const TransferItem& item) {
    metainfo::Magnet magnet = metainfo::magnet_to(*item.metainfo);
    magnet.trackers = item.trackers.urls();
    return metainfo::format_magnet(magnet);
}

/// The path of a torrent's file or folder, by which two that write the same files are found.
std::string place_of(const TransferItem& item) {
    return (std::filesystem::path(item.folder) / item.metainfo->name).string();
}

}  // namespace

TransferLoop::TransferLoop(const TransferOptions& options, Settings settings,
                           Environment& environment)
    : options_(options), settings_(std::move(settings)), environment_(environment) {}

std::expected<void, std::string> TransferLoop::start() {
    auto listen = choose_listen(options_);
    if (!listen) return std::unexpected(std::move(listen.error()));
    auto engine = driver::Engine::start(
        engine_options(options_, std::move(*listen), environment_.context), environment_.hasher);
    if (!engine) return std::unexpected(std::move(engine.error()));
    engine_ = std::move(*engine);
    return {};
}

void TransferLoop::add(TransferItem item) {
    item.up_bytes_per_s = options_.torrent_up_bytes_per_s;
    item.down_bytes_per_s = options_.torrent_down_bytes_per_s;
    jobs_.push_back(std::make_unique<TransferJob>(std::move(item), environment_,
                                                  static_cast<unsigned>(options_.cpus.size())));
    starting_.push_back(jobs_.back().get());
}

int TransferLoop::run() {
    const Time began = environment_.context.now();
    next_report_ = began + first_report_delay;
    const Time until = options_.duration ? began + *options_.duration : Time::max();
    Duration pause = 1ms;  // short at first: small torrents are checked and fetched at once
    while (!all_ended()) {
        const Time now = environment_.context.now();
        turn(now);
        if (all_ended()) break;
        if (now >= until) {
            timed_out_ = true;
            break;
        }
        const Duration interval = starting_.empty() ? turn_interval : start_interval;
        if (environment_.signals.wait(std::min({pause, interval, Duration(until - now)}))) break;
        pause = std::min<Duration>(pause * 2, turn_interval);
    }
    return end();
}

void TransferLoop::turn(Time now) {
    start_ready_jobs();
    handle_events();
    recheck_files(now);
    save_records(now);
    if (now >= next_report_) report(now);
}

/// Where it would write what another job has written or writes.
std::string TransferLoop::taken_path(const TransferJob& job) const {
    if (job.item().seed_only) return {};
    const auto [first, last] = writers_.equal_range(place_of(job.item()));
    for (const auto& [place, other] : std::ranges::subrange(first, last)) {
        if (other->phase() != TransferJob::Phase::running) continue;
        std::string path = storage::shared_path(*other->item().metainfo, *job.item().metainfo);
        if (!path.empty()) return path;
    }
    return {};
}

void TransferLoop::start_ready_jobs() {
    if (starting_.empty()) return;
    check_waiting_jobs();
    std::size_t count = 0;
    std::erase_if(starting_, [&](TransferJob* job) {
        if (count == starts_per_turn_max) return false;
        if (job->phase() == TransferJob::Phase::waiting && job->item().awaits_metadata())
            job->start_metadata(*engine_);
        else if (job->phase() == TransferJob::Phase::checking && job->check_done())
            job->start(*engine_, locks_, taken_path(*job));
        else
            return false;
        ++count;
        started(*job);
        return true;
    });
}

void TransferLoop::check_waiting_jobs() {
    if (checks_ && !checks_->done()) return;
    std::vector<TransferJob*> waiting;
    for (TransferJob* job : starting_)
        if (job->phase() == TransferJob::Phase::waiting && !job->item().awaits_metadata())
            waiting.push_back(job);
    if (waiting.empty()) return;
    for (TransferJob* job : waiting) job->begin_check();
    checks_.emplace([jobs = std::move(waiting)](const std::stop_token& stop) {
        for (TransferJob* job : jobs) job->run_check(stop);
        return true;
    });
}

void TransferLoop::started(TransferJob& job) {
    announce_start(job);
    if (!job.item().seed_only && !job.item().awaits_metadata())
        writers_.emplace(place_of(job.item()), &job);
    if (job.whole())
        complete(job);
    else
        unfinished_.push_back(&job);
}

void TransferLoop::announce_start(const TransferJob& job) {
    if (job.phase() != TransferJob::Phase::running) return;
    const TransferItem& item = job.item();
    std::vector<std::string> listen;
    for (const Endpoint& endpoint : listening()) listen.push_back(endpoint.to_string());
    const std::vector<std::string> trackers = item.trackers.urls();
    const std::string magnet = magnet_of(item);
    environment_.console.event("ready", {{"info_hash", job.info_hash()},
                                         {"name", job.name()},
                                         {"listen", listen},
                                         {"pid", ::getpid()},
                                         {"trackers", trackers},
                                         {"magnet", magnet},
                                         {"torrent", item.torrent_file}});
    environment_.console.info(
        fmt::format("{} runs, peers reach it at {}", job.name(), fmt::join(listen, " ")));
    if (!item.seed_only) return;
    environment_.console.say(fmt::format("Seeding {} at {}", job.name(), fmt::join(listen, " ")));
    for (const std::string& url : trackers) environment_.console.say("Tracker " + url);
    environment_.console.say(magnet);
}

// --- What the engine says

TransferJob* TransferLoop::find(TorrentId id) {
    const auto found =
        std::ranges::find_if(jobs_, [&](const auto& job) { return job->id() == id; });
    return found == jobs_.end() ? nullptr : found->get();
}

void TransferLoop::handle_events() {
    while (auto event = engine_->poll_event())
        std::visit([&](const auto& detail) { handle(detail); }, *event);
}

void TransferLoop::handle(const driver::TorrentCompleted& event) {
    TransferJob* job = find(event.torrent);
    if (job != nullptr) job->finish(*engine_);
}

void TransferLoop::handle(const driver::TorrentSynced& event) {
    TransferJob* const job = find(event.torrent);
    if (job == nullptr || job->phase() != TransferJob::Phase::running) return;
    if (job->finishing() && !job->complete()) return complete(*job);
    unrecorded_.push_back(job);
}

void TransferLoop::complete(TransferJob& job) {
    job.on_completed(*engine_);
    if (job.complete() && !job.has_whole_record()) unrecorded_.push_back(&job);
}

void TransferLoop::handle(const driver::TorrentStopped& event) {
    if (TransferJob* job = find(event.torrent)) job->on_stopped(event.reason, *engine_);
}

void TransferLoop::handle(const driver::TrackerTrouble& event) {
    if (told_.is_news(event.sentence, event.url, environment_.context.now()))
        environment_.console.warning(event.sentence, event.url);
}

void TransferLoop::handle(const driver::MetadataReady& event) {
    TransferJob* job = find(event.torrent);
    if (job == nullptr || !job->adopt_metadata(event)) return;
    environment_.console.info("the metadata of " + job->name() + " is here");
    if (settings_.on_metadata) job->set_torrent_file(settings_.on_metadata(*job->item().metainfo));
    starting_.push_back(job);
}

void TransferLoop::handle(const driver::TorrentPaused& event) {
    if (TransferJob* job = find(event.torrent)) job->on_paused(event.reason);
}

void TransferLoop::handle(const driver::TorrentResumed& event) {
    if (TransferJob* job = find(event.torrent)) job->on_resumed();
}

void TransferLoop::handle(const driver::FileDoubted& event) {
    TransferJob* const job = find(event.torrent);
    if (job == nullptr) return;
    job->on_file_doubted(event, environment_.context.now());
    if (std::ranges::find(doubtful_, job) == doubtful_.end()) doubtful_.push_back(job);
}

/// One torrent's after the other.
void TransferLoop::recheck_files(Time now) {
    if (rechecks_ && !rechecks_->done()) return;
    if (rechecks_) rechecking_->end_recheck(*recheck_, *engine_, now);
    rechecks_.reset();
    for (TransferJob* const job : doubtful_) {
        recheck_ = job->begin_recheck(*engine_, now);
        if (!recheck_) continue;
        rechecking_ = job;
        rechecks_.emplace([this](const std::stop_token& stop) {
            recheck_->run(environment_.hasher, stop);
            return true;
        });
        return;
    }
}

void TransferLoop::handle(const driver::ShortageBegan& event) {
    if (short_cores_++ > 0) return;
    environment_.console.warning(
        event.sentence + "; what needs it waits, and goes on when there is some (see ulimit -n)",
        "");
}

void TransferLoop::handle(const driver::ShortageEnded&) {
    if (--short_cores_ == 0)
        environment_.console.say("There are descriptors and memory again; all goes on");
}

void TransferLoop::save_records(Time now) {
    std::erase_if(unfinished_, [&](TransferJob* job) {
        if (job->complete() || job->phase() != TransferJob::Phase::running) return true;
        if (job->sync_due(now)) job->sync(*engine_);
        return false;
    });
    save_waiting_records();
}

void TransferLoop::collect_saved_records() {
    if (records_)
        for (const driver::UnsavedRecord& unsaved : records_->result())
            recorded_[unsaved.index]->on_unsaved(unsaved.sentence);
    records_.reset();
    recorded_.clear();
}

/// Beside the main thread, as the disk may take its time; one batch after the other.
void TransferLoop::save_waiting_records() {
    if (records_ && !records_->done()) return;
    collect_saved_records();
    std::vector<driver::DurableRecord> batch;
    for (; !unrecorded_.empty() && batch.size() < records_per_batch_max; unrecorded_.pop_front()) {
        TransferJob* const job = unrecorded_.front();
        if (job->phase() != TransferJob::Phase::running) continue;
        batch.push_back(job->take_record(*engine_));
        recorded_.push_back(job);
    }
    if (batch.empty()) return;
    records_.emplace([records = std::move(batch)](const std::stop_token&) {
        return driver::save_durable(records);
    });
}

/// Once the engine has stopped: of all downloads, those that failed among them.
void TransferLoop::save_last_records() {
    if (records_)
        while (!records_->ended_within(1s)) {
        }
    collect_saved_records();
    std::vector<driver::DurableRecord> batch;
    for (const auto& job : jobs_) {
        if (!job->record_due()) continue;
        batch.push_back(job->take_record(*engine_));
        recorded_.push_back(job.get());
    }
    for (const driver::UnsavedRecord& unsaved : driver::save_durable(batch))
        recorded_[unsaved.index]->on_unsaved(unsaved.sentence);
}

// --- What the user sees

void TransferLoop::report(Time now) {
    next_report_ = now + report_interval;
    std::vector<std::string> lines;
    for (const auto& job : jobs_) {
        if (job->phase() == TransferJob::Phase::ended) continue;
        // Of a seed at rest there is nothing to tell.
        if (job->look(*engine_, now) || !job->item().seed_only)
            environment_.console.event("progress", job->progress_json());
        if (environment_.console.interactive())
            lines.push_back(progress_line(job->progress(), environment_.console.width() - 1));
    }
    if (environment_.console.interactive())
        environment_.console.draw(lines);
    else if (!environment_.console.json() && now >= next_plain_line_)
        report_lines();
}

void TransferLoop::report_lines() {
    next_plain_line_ = environment_.context.now() + plain_line_interval;
    std::vector<std::string> lines;
    for (const auto& job : jobs_) {
        if (job->phase() == TransferJob::Phase::ended) continue;
        const Progress now = job->progress();
        lines.push_back(fmt::format(
            "{}: {} {} of {}, down {}, up {}, {} peers", now.name, state_name(now.state),
            format_bytes(static_cast<double>(now.done_bytes)),
            format_bytes(static_cast<double>(now.total_bytes)),
            format_rate(now.state == TransferState::checking ? 0 : now.down_bytes_per_s),
            format_rate(now.up_bytes_per_s), now.peers));
    }
    if (lines == last_lines_) return;
    for (const std::string& line : lines) environment_.console.say(line);
    last_lines_ = std::move(lines);
}

// --- The end

bool TransferLoop::all_ended() const {
    return std::ranges::all_of(jobs_, [&](const auto& job) {
        return job->phase() == TransferJob::Phase::ended ||
               (job->complete() && !settings_.keep_seeding);
    });
}

bool TransferLoop::all_complete() const {
    return std::ranges::all_of(jobs_, [](const auto& job) { return job->complete(); });
}

int TransferLoop::exit_code() const {
    for (const auto& job : jobs_)
        if (job->failure() != 0) return job->failure();
    if (environment_.signals.interrupted()) return exit_interrupted;
    const bool unfinished = std::ranges::any_of(
        jobs_, [](const auto& job) { return !job->item().seed_only && !job->complete(); });
    return timed_out_ && unfinished ? exit_failure : exit_success;
}

RunCost TransferLoop::cost() const {
    RunCost cost{.process = process_cost(), .ledger = engine_->ledger()};
    cost.seconds = environment_.context.seconds();
    for (const auto& job : jobs_) {
        cost.bytes_down += job->bytes_down();
        cost.bytes_up += job->bytes_up();
        if (job->is_played()) cost.late_pieces = cost.late_pieces.value_or(0) + job->late_pieces();
    }
    return cost;
}

int TransferLoop::end() {
    if (!environment_.console.interactive()) last_lines_.clear();
    if (checks_) checks_->request_stop();
    if (rechecks_) rechecks_->request_stop();
    engine_->stop(farewell_patience);
    handle_events();  // of the last moment: a write may have failed
    const Time now = environment_.context.now();
    for (const auto& job : jobs_) job->look(*engine_, now);
    save_last_records();
    const int code = exit_code();
    if (timed_out_ && code == exit_failure)
        environment_.console.error("the time of --duration is over before all is downloaded",
                                   "--duration");
    environment_.console.draw({});
    const RunCost spent = cost();
    for (const std::string& line : ledger_text(spent)) environment_.console.say(line);
    if (!options_.stats.empty()) {
        const std::string text = summary_json(spent).dump(2) + "\n";
        if (const auto written = write_file(options_.stats, as_bytes(text)); !written)
            environment_.console.warning(written.error(), options_.stats);
    }
    environment_.console.event("summary", summary_json(spent));
    return code;
}

}  // namespace spate::cli
