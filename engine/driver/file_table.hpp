#pragma once
// engine/driver/file_table.hpp: one core's open files.
#include <cstdint>
#include <expected>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"
#include "engine/driver/file_trouble.hpp"
#include "engine/driver/torrent_files.hpp"
#include "io/file_descriptor.hpp"

namespace spate::driver {

/// An open file of a torrent, mapped for reading when it is served. Shared by the operations that
/// use it, which keep it open however long they take.
///
/// A file that is written may be open a second time for direct writes. These carry whole units;
/// what follows the last whole unit of the file goes through the page cache, and no page is ever
/// written both ways.
class OpenFile {
public:
    /// For reading.
    OpenFile(io::FileDescriptor descriptor, std::uint64_t size_bytes)
        : descriptor_(std::move(descriptor)),
          size_bytes_(size_bytes),
          writable_(false),
          writes_direct_(false) {}
    /// For writing.
    OpenFile(io::FileDescriptor descriptor, io::FileDescriptor direct, std::uint64_t size_bytes)
        : descriptor_(std::move(descriptor)),
          direct_(std::move(direct)),
          size_bytes_(size_bytes),
          writable_(true),
          writes_direct_(direct_) {}
    ~OpenFile();
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    int descriptor() const { return descriptor_.get(); }
    bool writable() const { return writable_; }
    int direct_descriptor() const { return direct_.get(); }
    /// How many of the first bytes of this range go through direct_descriptor(); 0: none.
    std::uint32_t direct_part_bytes(std::uint64_t offset_bytes, std::uint32_t length_bytes) const;
    /// The filesystem refused a direct write: from now on all go through the page cache.
    void stop_writing_direct() { writes_direct_ = false; }
    /// The file's bytes. User code never touches them: a page beyond the end of a truncated file is
    /// an EFAULT of the operation that uses it, not a signal. Empty when there is no room for a
    /// mapping.
    Bytes mapping();
    /// The kernel tells which of its pages are in memory only to who may write the file.
    bool residency_known();
    /// It is still there: linked, and at least so long. Otherwise what has happened to it, or why
    /// that can't be told.
    std::expected<void, FileFinding> check(std::uint64_t size_bytes) const;
    std::expected<void, FileFinding> check() const { return check(size_bytes_); }
    std::uint64_t size_bytes() const { return size_bytes_; }

    Time checked_at{};
    /// Written to since it was last handed over to be synced.
    bool unsynced = false;
    /// It is in the table; otherwise those who still use it hand it over.
    bool kept = false;

private:
    io::FileDescriptor descriptor_;
    io::FileDescriptor direct_;
    const std::uint64_t size_bytes_;
    const bool writable_;
    bool writes_direct_;
    MutableBytes mapping_;
    std::optional<bool> residency_known_;
};

/// Files opened when first used, at most `open_max` of them kept; the one not used for longest is
/// closed first, and all when the process has no descriptor left. A file that was written is handed
/// over to be synced before it is closed. One thread.
class FileTable {
public:
    using Sync =
        std::function<void(TorrentId, storage::FileIndex, const std::shared_ptr<OpenFile>&)>;

    explicit FileTable(std::size_t open_max, Sync sync = {})
        : open_max_(open_max), sync_(std::move(sync)) {}

    /// How often a file that is served is looked at again: what others do to it goes unnoticed for
    /// no longer.
    static constexpr Duration look_interval = 1s;

    using Result = std::expected<std::shared_ptr<OpenFile>, FileTrouble>;
    Result for_reading(TorrentId torrent, const TorrentFiles& files, storage::FileIndex index,
                       Time now);
    /// Made and given its size when it isn't there. One that was there before is taken only as it
    /// was found (TorrentFiles::found), and one that we wrote only as we left it.
    Result for_writing(TorrentId torrent, const TorrentFiles& files, storage::FileIndex index);
    /// Something was written to it, and nothing of that is under way any more. `finished`: the
    /// file has all its pieces.
    void wrote(TorrentId torrent, storage::FileIndex index, const std::shared_ptr<OpenFile>& file,
               bool finished);
    /// Hands over what was written and not synced yet.
    void sync_torrent(TorrentId torrent);
    void close(TorrentId torrent, storage::FileIndex index);
    void close_torrent(TorrentId torrent);
    void close_all();
    std::size_t open_count() const { return entries_.size(); }

private:
    struct Key {
        TorrentId torrent;
        storage::FileIndex file;
        auto operator<=>(const Key&) const = default;
    };
    struct Entry {
        std::shared_ptr<OpenFile> file;
        std::list<Key>::iterator use;
    };

    std::shared_ptr<OpenFile> find(const Key& key);
    Result open_to_read(const Key& key, const TorrentFiles& files);
    static std::expected<void, FileFinding> look_at(const OpenFile& file, const TorrentFiles& files,
                                                    storage::FileIndex index);
    void keep(const Key& key, std::shared_ptr<OpenFile> file);
    void let_go(const Key& key, const std::shared_ptr<OpenFile>& file);
    void sync(const Key& key, const std::shared_ptr<OpenFile>& file);
    Result open_to_write(const TorrentFiles& files, storage::FileIndex index);
    template <class Open>
    auto open_making_room(Open open);

    const std::size_t open_max_;
    const Sync sync_;
    std::map<Key, Entry> entries_;
    std::list<Key> uses_;  // most recent first
};

}  // namespace spate::driver
