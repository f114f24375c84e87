#pragma once
// engine/driver/file_sync_thread.hpp: what was written gets to the disk, beside the cores.
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/driver/file_table.hpp"
#include "engine/driver/torrent_files.hpp"

namespace spate::driver {

/// A file that was written through `file`, which stays open until it is synced: the kernel tells
/// the errors of writing back only to those who had the file open then.
struct FileToSync {
    TorrentId torrent;
    storage::FileIndex index;
    std::shared_ptr<const TorrentFiles> files;
    std::shared_ptr<OpenFile> file;
};

/// All files that the cores had written before their marks of this round are on the disk, or told
/// of as lost.
struct RoundSynced {
    TorrentId torrent;
    std::uint32_t round = 0;
};
/// What was written to a file can't be had on the disk. Told once a torrent.
struct WritesLost {
    TorrentId torrent;
    std::string sentence;
};
using SyncEvent = std::variant<RoundSynced, WritesLost>;

/// Syncs files on a thread of its own, many at a time where many wait: their filesystem is synced
/// once, and each descriptor then asked for its errors. A file that fails is marked as lost
/// (WrittenFiles) and its pages are dropped from memory, so that the next check of it reads what
/// the disk has. Cores hand over and never wait; the engine's thread polls.
class FileSyncThread {
public:
    /// So many files of a filesystem are worth one sync of all of it.
    static constexpr std::size_t files_for_filesystem_sync = 16;

    explicit FileSyncThread(std::size_t cores) : cores_(cores), thread_([this] { run(); }) {}
    ~FileSyncThread() { finish(); }
    FileSyncThread(const FileSyncThread&) = delete;
    FileSyncThread& operator=(const FileSyncThread&) = delete;

    void submit(FileToSync file);
    /// By each core once, after its files of this round.
    void mark(RoundSynced round);
    /// Files that are still open for it.
    std::size_t pending() const { return pending_.load(std::memory_order_relaxed); }
    std::optional<SyncEvent> poll_event();
    /// Syncs what was handed over, and ends the thread.
    void finish();

private:
    struct Mail {
        std::vector<FileToSync> files;
        std::vector<RoundSynced> marks;
    };

    void run();
    void sync(std::vector<FileToSync> files);
    void sync_one(FileToSync& file, bool filesystem_is_synced);
    void count(const RoundSynced& mark);
    void tell(SyncEvent event);

    const std::size_t cores_;
    std::mutex mutex_;  // of the next four
    std::condition_variable changed_;
    Mail mail_;
    std::deque<SyncEvent> events_;
    bool closed_ = false;
    std::atomic<std::size_t> pending_{0};
    // Of its own thread.
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> marks_;  // by torrent and round
    std::vector<bool> told_lost_;                                           // by torrent
    std::thread thread_;                                                    // last: it uses all
};

}  // namespace spate::driver
