#include "engine/driver/file_sync_thread.hpp"

#include <pthread.h>
#include <utility>

#include <fmt/format.h>

#include "io/file.hpp"
#include "io/page_cache.hpp"

namespace spate::driver {

void FileSyncThread::submit(FileToSync file) {
    pending_.fetch_add(1, std::memory_order_relaxed);
    {
        const std::lock_guard lock(mutex_);
        mail_.files.push_back(std::move(file));
    }
    changed_.notify_one();
}

void FileSyncThread::mark(RoundSynced round) {
    {
        const std::lock_guard lock(mutex_);
        mail_.marks.push_back(round);
    }
    changed_.notify_one();
}

std::optional<SyncEvent> FileSyncThread::poll_event() {
    const std::lock_guard lock(mutex_);
    if (events_.empty()) return std::nullopt;
    SyncEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

void FileSyncThread::finish() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void FileSyncThread::tell(SyncEvent event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
}

void FileSyncThread::run() {
    ::pthread_setname_np(::pthread_self(), "spate-sync");
    while (true) {
        Mail mail;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(
                lock, [this] { return closed_ || !mail_.files.empty() || !mail_.marks.empty(); });
            mail = std::exchange(mail_, {});
            if (closed_ && mail.files.empty() && mail.marks.empty()) return;
        }
        sync(std::move(mail.files));
        for (const RoundSynced& mark : mail.marks) count(mark);
    }
}

void FileSyncThread::sync(std::vector<FileToSync> files) {
    std::map<std::uint64_t, std::vector<FileToSync*>> filesystems;  // by device
    for (FileToSync& file : files) {
        const auto info = io::file_info(file.file->descriptor());
        filesystems[info ? info->device : 0].push_back(&file);
    }
    for (auto& [device, together] : filesystems) {
        const bool synced = together.size() >= files_for_filesystem_sync &&
                            !io::sync_filesystem(together.front()->file->descriptor());
        for (FileToSync* const file : together) sync_one(*file, synced);
    }
}

void FileSyncThread::sync_one(FileToSync& file, bool filesystem_is_synced) {
    const int fd = file.file->descriptor();
    const std::error_code error =
        filesystem_is_synced ? io::check_writeback(fd) : io::sync_file(fd);
    if (error) {
        file.files->written()->lose(file.index);
        io::drop_pages(fd);
        if (told_lost_.size() <= file.torrent.value) told_lost_.resize(file.torrent.value + 1);
        if (!told_lost_[file.torrent.value]) {
            told_lost_[file.torrent.value] = true;
            tell(WritesLost{file.torrent,
                            fmt::format("what was written to {} didn't reach the disk: {}",
                                        file.files->display_path(file.index), error.message())});
        }
    }
    file.file.reset();
    pending_.fetch_sub(1, std::memory_order_relaxed);
}

void FileSyncThread::count(const RoundSynced& mark) {
    const std::pair key{mark.torrent.value, mark.round};
    if (++marks_[key] < cores_) return;
    marks_.erase(key);
    tell(mark);
}

}  // namespace spate::driver
