#pragma once
// engine/cli/transfer_job.hpp: one torrent of `seed` or `get`, from the check of its files on.
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/cli/doubtful_files.hpp"
#include "engine/cli/environment.hpp"
#include "engine/cli/file_recheck.hpp"
#include "engine/cli/progress_line.hpp"
#include "engine/driver/content/content_check.hpp"
#include "engine/driver/content/durable_records.hpp"
#include "engine/driver/content/path_locks.hpp"
#include "engine/driver/content/resume_file.hpp"
#include "engine/driver/engine.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "engine/tracker/tracker_list.hpp"

namespace spate::cli {

/// What a command asks for.
struct TransferItem {
    std::shared_ptr<const metainfo::Metainfo> metainfo;
    // Both paths as text: a std::filesystem::path keeps each of its components as well, half a KiB
    // for each of a seed's thousands of torrents.
    std::string folder;
    /// The .torrent; empty for a magnet link.
    std::string torrent_file;
    tracker::TrackerList trackers;
    std::vector<Endpoint> peers;
    /// Named by strangers, as a magnet link does.
    std::vector<Endpoint> told_peers;
    /// Patterns of --select and --first.
    std::vector<std::string> select;
    std::vector<std::string> first;
    /// --play; 0: it isn't played.
    std::uint64_t play_bytes_per_s = 0;
    /// --torrent-up and --torrent-down; 0: unlimited.
    std::uint64_t up_bytes_per_s = 0;
    std::uint64_t down_bytes_per_s = 0;
    driver::Allocation allocation = driver::Allocation::automatic;
    driver::FileWrites writes = driver::FileWrites::direct;
    /// `seed`: nothing is downloaded.
    bool seed_only = false;
    /// Just hashed: the data is as the torrent says.
    bool verified = false;
    /// Of such data: how its files looked before they were hashed.
    std::vector<std::optional<storage::FileStamp>> stamps{};
    /// --overwrite: files that were there before may be replaced.
    bool overwrite = false;
    bool full_check = false;

    bool awaits_metadata() const { return metainfo->piece_count() == 0; }
};

/// Follows a torrent: check, transfer, resume records, figures for the progress line. Main thread
/// only, but for run_check().
class TransferJob {
public:
    enum class Phase : std::uint8_t { waiting, checking, running, ended };

    TransferJob(TransferItem item, Environment& environment, unsigned check_threads);

    Phase phase() const { return phase_; }
    const TransferItem& item() const { return item_; }
    std::optional<TorrentId> id() const { return id_; }
    bool complete() const { return complete_; }
    /// The engine has it, and nothing of it is wanting; on_completed() is due.
    bool whole() const { return phase_ == Phase::running && status_.complete; }
    /// 0, or why it ended: an exit code.
    int failure() const { return failure_; }

    /// Its turn to be checked has come, or will soon.
    void begin_check();
    /// On the thread that checks; nothing when `stop` was requested before.
    void run_check(const std::stop_token& stop);
    bool check_done() const { return checked_.load(std::memory_order_acquire); }
    /// Takes the check's result and hands the torrent to the engine, or ends with an error.
    /// `taken_path`: a file that another torrent writes and this one would too; empty: none.
    void start(driver::Engine& engine, driver::PathLocks& locks, const std::string& taken_path);
    /// A magnet link: handed over at once.
    void start_metadata(driver::Engine& engine);
    /// The metadata came: the same torrent, with files. False, and ended, when it is refused.
    bool adopt_metadata(const driver::MetadataReady& ready);
    void set_torrent_file(const std::filesystem::path& path) { item_.torrent_file = path.string(); }

    /// All of it is written: once it is on the disk, it is complete.
    void finish(driver::Engine& engine);
    bool finishing() const { return finishing_; }
    void on_completed(driver::Engine& engine);
    void on_stopped(const std::string& reason, driver::Engine& engine);
    /// Time for another record: the data has to get to the disk before.
    bool sync_due(Time now) const;
    void sync(driver::Engine& engine);
    /// Of a download that was handed over: the record on disk doesn't say yet that it is complete.
    bool record_due() const { return worth_a_record() && !item_.seed_only && !recorded_; }
    /// What may be said of the torrent now.
    driver::DurableRecord take_record(driver::Engine& engine);
    /// What it gets can't be written for now, and it goes on.
    void on_paused(const std::string& reason);
    void on_resumed();
    /// A file isn't what it was: it is to be checked again.
    void on_file_doubted(const driver::FileDoubted& doubt, Time now);
    bool has_doubts() const { return phase_ == Phase::running && !doubts_.empty(); }
    /// The check of files that are due; nothing when none is. Once it was run: end_recheck().
    std::unique_ptr<FileRecheck> begin_recheck(const driver::Engine& engine, Time now);
    void end_recheck(const FileRecheck& recheck, driver::Engine& engine, Time now);
    void on_unsaved(const std::string& sentence);
    /// The record on disk says already that all of it is there.
    bool has_whole_record() const { return recorded_; }

    /// Looks at the figures once a second; rates come of two looks. False when they are the same
    /// as at the last look.
    bool look(driver::Engine& engine, Time now);
    Progress progress() const;
    Json progress_json() const;
    std::uint64_t bytes_down() const { return status_.downloaded_bytes; }
    std::uint64_t bytes_up() const { return status_.uploaded_bytes; }
    bool is_played() const { return item_.play_bytes_per_s > 0; }
    std::uint32_t late_pieces() const { return status_.late_pieces; }
    std::string info_hash() const;
    const std::string& name() const { return item_.metainfo->name; }

private:
    struct CheckResult {
        driver::ResumePlan plan;
        std::expected<driver::ContentReport, std::string> report;
    };

    CheckResult check(const std::stop_token& stop);
    static Bitfield verified_pieces(CheckResult& result);
    bool enough_to_seed(const Bitfield& have, const CheckResult& result);
    std::optional<std::vector<bool>> files_meant(const std::vector<std::string>& patterns,
                                                 const char* option);
    std::optional<Bitfield> skipped(const Bitfield& have);
    std::optional<Bitfield> preferred();
    void warn_of_partial_seed(const Bitfield& have, const CheckResult& result);
    bool lock_paths(driver::PathLocks& locks, driver::PathLocks::Use use,
                    const std::string& taken_path);
    bool spares_files_of_others(const driver::ResumePlan& plan, const Bitfield& have,
                                const Bitfield& unwanted);
    void save_first_record(const driver::ResumePlan& plan);
    bool lost_a_file(driver::Engine& engine);
    void hand_over(driver::Engine& engine, driver::TorrentSpec spec);
    void fail(const std::string& sentence, const std::string& what, int code = exit_failure);
    bool worth_a_record() const;
    void tell_playing(Time now);
    std::string data_path() const;
    void tell_checked(const FileRecheck& recheck);

    TransferItem item_;
    Environment& environment_;
    const unsigned check_threads_;
    Phase phase_ = Phase::waiting;
    int failure_ = 0;
    hashing::PieceProgress check_progress_;
    std::optional<driver::PathLocks::Lock> lock_;  // a writer's, until it is complete
    std::optional<TorrentId> id_;
    bool complete_ = false;
    bool playing_told_ = false;
    bool finishing_ = false;
    bool downloads_ = false;    // once before, into this folder
    bool recorded_ = false;     // as complete
    bool data_synced_ = false;  // what was found at the start is on the disk
    Time started_{};
    Time next_save_{};
    Time looked_{};
    Phase looked_phase_ = Phase::waiting;
    driver::TorrentStatus status_;
    double down_bytes_per_s_ = 0;
    double up_bytes_per_s_ = 0;
    double check_bytes_per_s_ = 0;
    std::uint64_t checked_before_ = 0;
    std::unique_ptr<CheckResult> check_;  // from the check to start()
    std::atomic<bool> checked_{false};
    DoubtfulFiles doubts_;
    std::size_t bad_pieces_told_ = 0;
    std::string recheck_failure_;  // the last one that was told
    std::string look_failure_;     // likewise
};

}  // namespace spate::cli
