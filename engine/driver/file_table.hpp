#pragma once
// engine/driver/file_table.hpp: one core's open files.
#include <cstdint>
#include <expected>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"
#include "engine/driver/torrent_files.hpp"
#include "io/file_descriptor.hpp"

namespace spate::driver {

/// An open file of a torrent, mapped for reading when it is served. Shared by the operations that
/// use it, which keep it open however long they take.
class OpenFile {
public:
    OpenFile(io::FileDescriptor descriptor, std::uint64_t size_bytes, bool writable)
        : descriptor_(std::move(descriptor)), size_bytes_(size_bytes), writable_(writable) {}
    ~OpenFile();
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    int descriptor() const { return descriptor_.get(); }
    bool writable() const { return writable_; }
    /// The file's bytes. User code never touches them: a page beyond the end of a truncated file is
    /// an EFAULT of the operation that uses it, not a signal. Empty when there is no room for a
    /// mapping.
    Bytes mapping();
    /// It is still what it was: linked, and as long. Otherwise what has happened to it.
    std::expected<void, std::string> check() const;

    Time checked_at{};

private:
    io::FileDescriptor descriptor_;
    const std::uint64_t size_bytes_;
    const bool writable_;
    MutableBytes mapping_;
};

/// Files opened when first used, at most `open_max` of them kept; the one not used for longest is
/// closed first. Fails with a sentence that names the file. One thread.
class FileTable {
public:
    explicit FileTable(std::size_t open_max) : open_max_(open_max) {}

    using Result = std::expected<std::shared_ptr<OpenFile>, std::string>;
    Result for_reading(TorrentId torrent, const TorrentFiles& files, storage::FileIndex index,
                       Time now);
    /// Made and given its size when it isn't there.
    Result for_writing(TorrentId torrent, const TorrentFiles& files, storage::FileIndex index);
    void close_torrent(TorrentId torrent);
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
    void keep(const Key& key, std::shared_ptr<OpenFile> file);

    const std::size_t open_max_;
    std::map<Key, Entry> entries_;
    std::list<Key> uses_;  // most recent first
};

}  // namespace spate::driver
