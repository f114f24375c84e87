#pragma once
// engine/cli/transfer_loop.hpp: runs the torrents of `seed` or `get` to their end.
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/fifo.hpp"
#include "engine/cli/background.hpp"
#include "engine/cli/environment.hpp"
#include "engine/cli/ledger_text.hpp"
#include "engine/cli/told_warnings.hpp"
#include "engine/cli/transfer_job.hpp"
#include "engine/cli/transfer_options.hpp"
#include "engine/driver/engine.hpp"

namespace spate::cli {

/// Starts the engine, checks the torrents' files one after the other beside the main thread and
/// hands each over when it is checked; reports, saves resume records, and ends on a signal, after
/// --duration, or when every torrent has ended (without `keep_seeding` those that are complete
/// have). Main thread.
class TransferLoop {
public:
    /// How long trackers have to hear that we leave.
    static constexpr Duration farewell_patience = 3s;
    /// Torrents that one turn hands over, so that signals are seen in between.
    static constexpr std::size_t starts_per_turn_max = 256;
    /// Records of seeds that are saved together.
    static constexpr std::size_t records_per_batch_max = 1024;

    struct Settings {
        bool keep_seeding = false;
        /// Told when a magnet link's torrent is known; yields where it was saved.
        std::function<std::filesystem::path(const metainfo::Metainfo&)> on_metadata;
    };

    TransferLoop(const TransferOptions& options, Settings settings, Environment& environment);

    /// Before add(): opens the listening sockets and starts the threads. Fails with a sentence.
    std::expected<void, std::string> start();
    const std::vector<Endpoint>& listening() const { return engine_->listening(); }
    void add(TransferItem item);

    /// Yields the exit code: of the first torrent that failed, else success, or 130.
    int run();

private:
    void turn(Time now);
    std::string taken_path(const TransferJob& job) const;
    void start_ready_jobs();
    void check_waiting_jobs();
    void started(TransferJob& job);
    void handle_events();
    void handle(const driver::TorrentCompleted& event);
    void handle(const driver::TorrentStopped& event);
    void handle(const driver::TrackerTrouble& event);
    void handle(const driver::MetadataReady& event);
    void handle(const driver::TorrentPaused& event);
    void handle(const driver::TorrentResumed& event);
    void handle(const driver::FileDoubted& event);
    void handle(const driver::ShortageBegan& event);
    void handle(const driver::ShortageEnded& event);
    void handle(const driver::TorrentSynced& event);
    void recheck_files(Time now);
    void save_records(Time now);
    void save_waiting_records();
    void collect_saved_records();
    void save_last_records();
    void report(Time now);
    void report_lines();
    void announce_start(const TransferJob& job);
    void complete(TransferJob& job);
    bool all_ended() const;
    bool all_complete() const;
    int end();
    int exit_code() const;
    RunCost cost() const;
    TransferJob* find(TorrentId id);

    const TransferOptions& options_;
    const Settings settings_;
    Environment& environment_;
    std::unique_ptr<driver::Engine> engine_;
    driver::PathLocks locks_;
    std::vector<std::unique_ptr<TransferJob>> jobs_;
    /// Those that a turn has to look at, so that thousands of seeds at rest cost nothing: not yet
    /// handed over, being downloaded, and seeds whose durable record is due.
    std::vector<TransferJob*> starting_;
    std::vector<TransferJob*> unfinished_;
    Fifo<TransferJob*> unrecorded_;
    /// Downloads that were handed over, by the path of their file or folder.
    std::unordered_multimap<std::string, const TransferJob*> writers_;
    std::vector<std::string> last_lines_;  // states shown where there is no terminal
    Time next_report_{};
    Time next_plain_line_{};
    ToldWarnings told_;  // of trackers
    bool timed_out_ = false;
    std::uint32_t short_cores_ = 0;  // that lack descriptors or memory
    /// Those of the last batch of durable records, in its order.
    std::vector<TransferJob*> recorded_;
    std::optional<Background<std::vector<driver::UnsavedRecord>>> records_;
    /// Jobs with files that were in doubt once; and the check of one of them.
    std::vector<TransferJob*> doubtful_;
    TransferJob* rechecking_ = nullptr;
    std::unique_ptr<FileRecheck> recheck_;
    std::optional<Background<bool>> rechecks_;  // it uses recheck_
    std::optional<Background<bool>> checks_;    // last: it uses the jobs
};

}  // namespace spate::cli
