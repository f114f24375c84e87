#include "engine/driver/file_table.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "io/file.hpp"

namespace spate::driver {
namespace {

/// How often an open file that is served is looked at again.
constexpr Duration check_interval = 2s;

std::unexpected<FileTrouble> trouble(Trouble kind, const TorrentFiles& files,
                                     storage::FileIndex index, const char* what,
                                     const std::string& reason) {
    return std::unexpected(FileTrouble{
        kind, index, fmt::format("can't {} {}: {}", what, files.display_path(index), reason)});
}

std::unexpected<FileTrouble> trouble(std::error_code error, const TorrentFiles& files,
                                     storage::FileIndex index, const char* what) {
    return trouble(trouble_of(error), files, index, what, error.message());
}

/// Gives a new or short file its size; cuts one that is longer than the torrent says.
std::error_code set_full_size(int fd, std::uint64_t size_bytes) {
    const auto info = io::file_info(fd);
    if (!info) return info.error();
    return info->size_bytes == size_bytes ? std::error_code() : io::set_size(fd, size_bytes);
}

std::error_code allocate_if_possible(int fd, std::uint64_t size_bytes) {
    const auto error = io::allocate_blocks(fd, size_bytes);
    return error == std::errc::operation_not_supported ? std::error_code() : error;
}

}  // namespace

OpenFile::~OpenFile() {
    if (!mapping_.empty()) ::munmap(mapping_.data(), mapping_.size());
}

std::uint32_t OpenFile::direct_part_bytes(std::uint64_t offset_bytes,
                                          std::uint32_t length_bytes) const {
    if (!writes_direct_ || offset_bytes % TorrentFiles::direct_unit_bytes != 0) return 0;
    return length_bytes - length_bytes % TorrentFiles::direct_unit_bytes;
}

Bytes OpenFile::mapping() {
    if (mapping_.empty() && size_bytes_ > 0) {
        void* const at = ::mmap(nullptr, size_bytes_, PROT_READ, MAP_SHARED, descriptor_.get(), 0);
        if (at == MAP_FAILED) return {};
        mapping_ = {static_cast<std::byte*>(at), size_bytes_};
        // A page that went cold again between being read and being sent costs that page, not all
        // around it up to the disk's read-ahead: that would push out what others wait for.
        ::madvise(at, size_bytes_, MADV_RANDOM);
    }
    return mapping_;
}

bool OpenFile::residency_known() {
    if (!residency_known_) {
        struct stat status{};
        const bool owner = ::fstat(descriptor_.get(), &status) == 0 && status.st_uid == ::geteuid();
        residency_known_ =
            owner || ::faccessat(descriptor_.get(), "", W_OK, AT_EMPTY_PATH | AT_EACCESS) == 0;
    }
    return *residency_known_;
}

std::expected<void, std::string> OpenFile::check() const {
    struct stat now{};
    if (::fstat(descriptor_.get(), &now) != 0) return std::unexpected("it can't be read any more");
    if (now.st_nlink == 0) return std::unexpected("it was deleted");
    if (static_cast<std::uint64_t>(now.st_size) < size_bytes_)
        return std::unexpected(
            fmt::format("it is shorter than it was ({} of {} bytes)", now.st_size, size_bytes_));
    if (mtime_ns_ && now.st_mtim.tv_sec * 1'000'000'000 + now.st_mtim.tv_nsec != *mtime_ns_)
        return std::unexpected("it was changed since it was checked");
    return {};
}

/// Other parts of the process may have taken more descriptors than were meant for them.
template <class Open>
auto FileTable::open_making_room(Open open) {
    auto opened = open();
    if (!opened && trouble_of(opened.error()) == Trouble::descriptors) {
        entries_.clear();
        uses_.clear();
        opened = open();
    }
    return opened;
}

std::shared_ptr<OpenFile> FileTable::find(const Key& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    uses_.splice(uses_.begin(), uses_, found->second.use);
    return found->second.file;
}

void FileTable::keep(const Key& key, std::shared_ptr<OpenFile> file) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
        found->second.file = std::move(file);
        return;
    }
    if (entries_.size() >= open_max_) {
        entries_.erase(uses_.back());
        uses_.pop_back();
    }
    uses_.push_front(key);
    entries_[key] = {std::move(file), uses_.begin()};
}

FileTable::Result FileTable::for_reading(TorrentId torrent, const TorrentFiles& files,
                                         storage::FileIndex index, Time now) {
    const Key key{torrent, index};
    auto file = find(key);
    if (!file) {
        auto descriptor = open_making_room(
            [&] { return io::open_beneath(files.folder_descriptor(), files.file(index).path); });
        if (!descriptor) return trouble(descriptor.error(), files, index, "open");
        file = std::make_shared<OpenFile>(std::move(*descriptor), files.file(index).size_bytes,
                                          files.checked_mtime_ns(index));
        keep(key, file);
    }
    if (now - file->checked_at > check_interval) {
        file->checked_at = now;
        if (const auto intact = file->check(); !intact)
            return trouble(Trouble::changed, files, index, "serve", intact.error());
    }
    return file;
}

FileTable::Result FileTable::for_writing(TorrentId torrent, const TorrentFiles& files,
                                         storage::FileIndex index) {
    const Key key{torrent, index};
    if (auto file = find(key); file && file->writable()) {
        // Each time: a piece at its end would give a file that was cut its size back, with a hole.
        if (const auto intact = file->check(); !intact)
            return trouble(Trouble::changed, files, index, "write", intact.error());
        return file;
    }
    const storage::PlannedFile& planned = files.file(index);
    auto descriptor = open_making_room([&] { return files.create(index); });
    if (!descriptor) return trouble(descriptor.error(), files, index, "write");
    auto direct = files.suits_direct_writes(index) ? files.open_direct(index, *descriptor)
                                                   : io::FileDescriptor();
    std::error_code error;
    if (files.allocates(index, static_cast<bool>(direct)))
        error = allocate_if_possible(descriptor->get(), planned.size_bytes);
    if (!error) error = set_full_size(descriptor->get(), planned.size_bytes);
    if (error) return trouble(error, files, index, "make room for");
    auto file =
        std::make_shared<OpenFile>(std::move(*descriptor), std::move(direct), planned.size_bytes);
    keep(key, file);
    return file;
}

void FileTable::close_torrent(TorrentId torrent) {
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        if (entry->first.torrent != torrent) {
            ++entry;
            continue;
        }
        uses_.erase(entry->second.use);
        entry = entries_.erase(entry);
    }
}

}  // namespace spate::driver
