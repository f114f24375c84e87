#include "engine/driver/file_table.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/driver/content/file_stamp.hpp"
#include "io/file.hpp"

namespace spate::driver {
namespace {

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

std::unexpected<FileFinding> changed(std::string reason) {
    return std::unexpected(FileFinding{Trouble::changed, std::move(reason)});
}

/// A look that failed says nothing of the file, unless it says that there is none.
std::unexpected<FileFinding> unseen(std::error_code error) {
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
        return changed("it was deleted");
    return std::unexpected(FileFinding{trouble_of(error), error.message()});
}

std::unexpected<FileTrouble> unserved(const FileFinding& finding, const TorrentFiles& files,
                                      storage::FileIndex index) {
    return trouble(finding.kind, files, index, "serve", finding.reason);
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

/// Of a file that isn't the one that was found, or that we made.
const std::error_code not_ours(ESTALE, std::system_category());

/// Of the file that was found, which looks otherwise by now.
const std::error_code not_as_checked(EUCLEAN, std::system_category());

/// Nothing has the file's name any more.
bool is_gone(const TorrentFiles& files, storage::FileIndex index) {
    const auto named = io::file_info_beneath(files.folder_descriptor(), files.file(index).path);
    return !named && named.error() == std::errc::no_such_file_or_directory;
}

Trouble kind_of(const std::error_code& error) {
    return error == not_as_checked ? Trouble::changed : trouble_of(error);
}

std::string reason_of(const std::error_code& error) {
    if (error == not_ours) return "another program changed or replaced it";
    if (error == not_as_checked) return "another program changed it";
    if (error == std::errc::file_exists) return "it came after the download began, and isn't ours";
    return error.message();
}

/// Another core has just made the file and tells in a moment which one it is.
bool made_by_another_core(const WrittenFiles& written, storage::FileIndex index) {
    constexpr int looks_max = 50;
    constexpr Duration between = 200us;
    for (int i = 0; i < looks_max && !written.identified(index); ++i)
        std::this_thread::sleep_for(between);
    return written.identified(index);
}

Making making_of(const TorrentFiles& files, storage::FileIndex index) {
    const auto found = files.found(index);
    if (files.written()->identified(index) || (found && *found)) return Making::never;
    return found ? Making::only_new : Making::if_missing;
}

/// Opens the file if it is the one that was found, as it was, or that we made; changes nothing.
std::expected<io::FileDescriptor, std::error_code> open_own(const TorrentFiles& files,
                                                            storage::FileIndex index) {
    WrittenFiles& written = *files.written();
    const Making making = making_of(files, index);
    auto opened = files.create(index, making);
    if (!opened && making == Making::only_new && opened.error() == std::errc::file_exists &&
        made_by_another_core(written, index))
        opened = files.create(index, Making::never);
    if (!opened) return opened;
    const auto info = io::file_info(opened->get());
    if (!info) return std::unexpected(info.error());
    const storage::FileStamp looks = stamp_of(*info);
    // Whoever of us changes it has identified it before.
    const bool untouched = !written.identified(index);
    const auto found = files.found(index).value_or(std::nullopt);
    if (found && found->inode != 0 && found->inode != looks.inode) return std::unexpected(not_ours);
    if (found && found->inode != 0 && untouched && *found != looks)
        return std::unexpected(not_as_checked);
    if (!written.identify(index, looks)) return std::unexpected(not_ours);
    return opened;
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
    if (mapping_.empty() && size_bytes_ > 0 && check()) {
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

std::expected<void, FileFinding> OpenFile::check(std::uint64_t size_bytes) const {
    struct stat now{};
    if (::fstat(descriptor_.get(), &now) != 0)
        return unseen(std::error_code(errno, std::system_category()));
    if (now.st_nlink == 0) return changed("it was deleted");
    if (static_cast<std::uint64_t>(now.st_size) < size_bytes)
        return changed(
            fmt::format("it is shorter than it was ({} of {} bytes)", now.st_size, size_bytes));
    return {};
}

/// Other parts of the process may have taken more descriptors than were meant for them.
template <class Open>
auto FileTable::open_making_room(Open open) {
    auto opened = open();
    if (!opened && trouble_of(opened.error()) == Trouble::descriptors) {
        close_all();
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
    file->kept = true;
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
        let_go(key, std::exchange(found->second.file, std::move(file)));
        return;
    }
    if (entries_.size() >= open_max_) {
        const auto oldest = entries_.find(uses_.back());
        let_go(oldest->first, oldest->second.file);
        entries_.erase(oldest);
        uses_.pop_back();
    }
    uses_.push_front(key);
    entries_[key] = {std::move(file), uses_.begin()};
}

void FileTable::let_go(const Key& key, const std::shared_ptr<OpenFile>& file) {
    file->kept = false;
    sync(key, file);
}

void FileTable::sync(const Key& key, const std::shared_ptr<OpenFile>& file) {
    if (std::exchange(file->unsynced, false) && sync_) sync_(key.torrent, key.file, file);
}

void FileTable::wrote(TorrentId torrent, storage::FileIndex index,
                      const std::shared_ptr<OpenFile>& file, bool finished) {
    file->unsynced = true;
    if (finished || !file->kept) sync({torrent, index}, file);
}

FileTable::Result FileTable::for_reading(TorrentId torrent, const TorrentFiles& files,
                                         storage::FileIndex index, Time now) {
    const Key key{torrent, index};
    auto file = find(key);
    if (file && now - file->checked_at <= look_interval) return file;
    if (file) {
        const auto intact = look_at(*file, files, index);
        if (intact) {
            file->checked_at = now;
            return file;
        }
        if (is_shortage(intact.error().kind)) return unserved(intact.error(), files, index);
    }
    // What has its name now may be what was checked, by now.
    if (file) close(torrent, index);
    auto opened = open_to_read(key, files);
    if (!opened) return opened;
    if (const auto intact = look_at(**opened, files, index); !intact) {
        close(torrent, index);
        return unserved(intact.error(), files, index);
    }
    (*opened)->checked_at = now;
    return opened;
}

FileTable::Result FileTable::open_to_read(const Key& key, const TorrentFiles& files) {
    auto descriptor = open_making_room(
        [&] { return io::open_beneath(files.folder_descriptor(), files.file(key.file).path); });
    if (!descriptor) return trouble(descriptor.error(), files, key.file, "open");
    auto file = std::make_shared<OpenFile>(std::move(*descriptor), files.file(key.file).size_bytes);
    keep(key, file);
    return file;
}

/// The file that is open is as it was checked, and has still its name. It may have been shorter
/// than it should be even then.
std::expected<void, FileFinding> FileTable::look_at(const OpenFile& file, const TorrentFiles& files,
                                                    storage::FileIndex index) {
    const WrittenFiles* const written = files.written();
    const bool ours = written != nullptr && written->touched(index);
    const auto known = files.known_stamp(index);
    const std::uint64_t size = file.size_bytes();
    if (auto there = file.check(known ? std::min(known->size_bytes, size) : size); !there)
        return there;
    const auto open = io::file_info(file.descriptor());
    if (!open) return unseen(open.error());
    if (ours && written->changed_by_others(index, file.descriptor()))
        return changed("another program changed it");
    if (!ours && known && stamp_of(*open, known->inode != 0) != *known)
        return changed("it was changed since it was checked");
    const auto named = io::file_info_beneath(files.folder_descriptor(), files.file(index).path);
    if (!named) return unseen(named.error());
    if (open->inode == named->inode && open->device == named->device) return {};
    return changed("another file has taken its place");
}

FileTable::Result FileTable::for_writing(TorrentId torrent, const TorrentFiles& files,
                                         storage::FileIndex index) {
    const Key key{torrent, index};
    WrittenFiles& written = *files.written();
    if (auto file = find(key); file && file->writable()) {
        // Each time: a piece at its end would give a file that was cut its size back, with a hole.
        if (const auto intact = file->check(); !intact) {
            const FileFinding& finding = intact.error();
            if (finding.kind == Trouble::changed && is_gone(files, index)) written.forget(index);
            return trouble(finding.kind, files, index, "write", finding.reason);
        }
        if (written.changed_by_others(index, file->descriptor()))
            return trouble(Trouble::changed, files, index, "write", reason_of(not_ours));
        return file;
    }
    written.begin(index);  // its size, blocks and rights are changes, too
    auto file = open_to_write(files, index);
    written.end(index, file ? (*file)->descriptor() : -1);
    if (file) keep(key, *file);
    return file;
}

FileTable::Result FileTable::open_to_write(const TorrentFiles& files, storage::FileIndex index) {
    const storage::PlannedFile& planned = files.file(index);
    auto descriptor = open_making_room([&] { return open_own(files, index); });
    if (!descriptor)
        return trouble(kind_of(descriptor.error()), files, index, "write",
                       reason_of(descriptor.error()));
    files.set_mode(index, *descriptor);
    auto direct = files.suits_direct_writes(index) ? files.open_direct(index, *descriptor)
                                                   : io::FileDescriptor();
    std::error_code error;
    if (files.allocates(index, static_cast<bool>(direct)))
        error = allocate_if_possible(descriptor->get(), planned.size_bytes);
    if (!error) error = set_full_size(descriptor->get(), planned.size_bytes);
    if (error) return trouble(error, files, index, "make room for");
    return std::make_shared<OpenFile>(std::move(*descriptor), std::move(direct),
                                      planned.size_bytes);
}

void FileTable::sync_torrent(TorrentId torrent) {
    for (const auto& [key, entry] : entries_)
        if (key.torrent == torrent) sync(key, entry.file);
}

void FileTable::close(TorrentId torrent, storage::FileIndex index) {
    const auto found = entries_.find({torrent, index});
    if (found == entries_.end()) return;
    let_go(found->first, found->second.file);
    uses_.erase(found->second.use);
    entries_.erase(found);
}

void FileTable::close_torrent(TorrentId torrent) {
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        if (entry->first.torrent != torrent) {
            ++entry;
            continue;
        }
        let_go(entry->first, entry->second.file);
        uses_.erase(entry->second.use);
        entry = entries_.erase(entry);
    }
}

void FileTable::close_all() {
    for (const auto& [key, entry] : entries_) let_go(key, entry.file);
    entries_.clear();
    uses_.clear();
}

}  // namespace spate::driver
