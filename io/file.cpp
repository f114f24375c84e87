#include "io/file.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <thread>
#include <unistd.h>

#include "engine/base/plain_path.hpp"

namespace spate::io {
namespace {

constexpr mode_t file_mode = 0666;
constexpr mode_t directory_mode = 0777;
/// openat2 says EAGAIN when something is renamed meanwhile; more than this is an attack.
constexpr int resolve_attempts_max = 32;

using OpenResult = std::expected<FileDescriptor, std::error_code>;

std::unexpected<std::error_code> failure(int error) {
    return std::unexpected(std::error_code(error, std::system_category()));
}

OpenResult adopt(int fd) {
    if (fd < 0) return std::unexpected(last_error());
    return FileDescriptor(fd);
}

OpenResult open_resolved(int directory, const std::string& path, int flags, mode_t mode) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.mode = (flags & O_CREAT) != 0 ? mode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    int fd = -1;
    for (int attempt = 0; attempt < resolve_attempts_max; ++attempt) {
        fd = static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    }
    return adopt(fd);
}

OpenResult walk_without_links(int directory, const std::string& path, int flags, mode_t mode) {
    FileDescriptor held;
    std::size_t start = 0;
    for (std::size_t slash; (slash = path.find('/', start)) != std::string::npos;
         start = slash + 1) {
        const std::string component = path.substr(start, slash - start);
        auto next = adopt(::openat(held ? held.get() : directory, component.c_str(),
                                   O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!next) return next;
        held = std::move(*next);
    }
    return adopt(::openat(held ? held.get() : directory, path.c_str() + start,
                          flags | O_NOFOLLOW | O_CLOEXEC, mode));
}

OpenResult open_inside(int directory, const std::string& path, int flags, mode_t mode) {
    auto opened = open_resolved(directory, path, flags, mode);
    // EPERM: a seccomp filter that predates openat2.
    if (opened || (opened.error().value() != ENOSYS && opened.error().value() != EPERM))
        return opened;
    return walk_without_links(directory, path, flags, mode);
}

int open_flags(const OpenOptions& options) {
    int flags = options.write ? O_RDWR : O_RDONLY;
    if (options.create) flags |= O_CREAT;
    if (options.exclusive) flags |= O_EXCL;
    if (options.truncate) flags |= O_TRUNC;
    if (options.direct) flags |= O_DIRECT;
    return flags | O_NONBLOCK | O_NOCTTY;  // a pipe in a file's place must not hang us
}

bool goes_by(int error) {
    return error == EINTR || error == EAGAIN || error == ENOMEM || error == EMFILE ||
           error == ENFILE || error == ENOBUFS;
}

/// Of a call that takes nothing for longer than it runs. Whether a file is as it was hangs on it,
/// so that a lack of a moment (file systems over a network, and in user space) mustn't decide.
template <class Call>
int patiently(Call call) {
    constexpr int tries_max = 5;
    constexpr std::chrono::milliseconds pause(1);
    int result = call();
    for (int tries = 1; result < 0 && goes_by(errno) && tries < tries_max; ++tries) {
        std::this_thread::sleep_for(pause);
        result = call();
    }
    return result;
}

OpenResult only_regular(OpenResult opened) {
    if (!opened) return opened;
    const int fd = opened->get();
    struct stat status{};
    if (patiently([&] { return ::fstat(fd, &status); }) != 0) return std::unexpected(last_error());
    if (S_ISDIR(status.st_mode)) return failure(EISDIR);
    if (!S_ISREG(status.st_mode)) return failure(ENXIO);
    const int flags = patiently([&] { return ::fcntl(fd, F_GETFL); });
    if (flags < 0 || patiently([&] { return ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK); }) != 0)
        return std::unexpected(last_error());
    return opened;
}

std::error_code write_whole(int fd, Bytes content) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return last_error();
        content = content.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace

OpenResult open_directory(const std::string& path) {
    return adopt(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

OpenResult open_beneath(int directory, std::string_view path, const OpenOptions& options) {
    if (!is_plain_path(path)) return failure(EINVAL);
    const std::string name(path);
    const int flags = open_flags(options);
    if (options.write || options.create || options.truncate)
        return only_regular(open_inside(directory, name, flags, file_mode));
    return only_regular(adopt(::openat(directory, name.c_str(), flags | O_CLOEXEC)));
}

OpenResult open_without_links(int directory, std::string_view path, const OpenOptions& options) {
    if (!is_plain_path(path)) return failure(EINVAL);
    return only_regular(
        walk_without_links(directory, std::string(path), open_flags(options), file_mode));
}

std::error_code make_directories_beneath(int directory, std::string_view path) {
    if (!is_plain_path(path)) return std::make_error_code(std::errc::invalid_argument);
    FileDescriptor parent;
    for (std::size_t end = 0; end != std::string_view::npos;) {
        const std::size_t start = end == 0 ? 0 : end + 1;
        end = path.find('/', start);
        const std::string component(path.substr(start, end - start));
        const int above = parent ? parent.get() : directory;
        if (::mkdirat(above, component.c_str(), directory_mode) != 0 && errno != EEXIST)
            return last_error();
        // From the top, so that links within `directory` may lead anywhere inside it.
        auto next =
            open_inside(directory, std::string(path.substr(0, end)), O_PATH | O_DIRECTORY, 0);
        if (!next) return next.error();
        parent = std::move(*next);
    }
    return {};
}

std::error_code make_link_beneath(int directory, std::string_view path, const std::string& target) {
    if (!is_plain_path(path)) return std::make_error_code(std::errc::invalid_argument);
    const std::size_t slash = path.rfind('/');
    FileDescriptor parent;
    if (slash != std::string_view::npos) {
        auto opened =
            open_inside(directory, std::string(path.substr(0, slash)), O_PATH | O_DIRECTORY, 0);
        if (!opened) return opened.error();
        parent = std::move(*opened);
    }
    const std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
    const int folder = parent ? parent.get() : directory;
    return ::symlinkat(target.c_str(), folder, name.c_str()) == 0 ? std::error_code()
                                                                  : last_error();
}

FileInfo to_info(const struct stat& status) {
    constexpr std::int64_t ns_per_s = 1'000'000'000;
    constexpr std::uint64_t stat_block_bytes = 512;
    return {.size_bytes = static_cast<std::uint64_t>(status.st_size),
            .allocated_bytes = static_cast<std::uint64_t>(status.st_blocks) * stat_block_bytes,
            .modified_ns = status.st_mtim.tv_sec * ns_per_s + status.st_mtim.tv_nsec,
            .changed_ns = status.st_ctim.tv_sec * ns_per_s + status.st_ctim.tv_nsec,
            .inode = status.st_ino,
            .device = status.st_dev};
}

std::expected<FileInfo, std::error_code> file_info(int fd) {
    struct stat status{};
    if (patiently([&] { return ::fstat(fd, &status); }) != 0) return std::unexpected(last_error());
    return to_info(status);
}

std::optional<std::uint32_t> direct_unit_bytes(int fd) {
    constexpr std::uint32_t filesystem_block_bytes = 4096;
    struct statx status{};
    if (::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) != 0) return std::nullopt;
    if ((status.stx_mask & STATX_DIOALIGN) == 0) return filesystem_block_bytes;
    if (status.stx_dio_offset_align == 0) return std::nullopt;
    return std::max(
        {filesystem_block_bytes, status.stx_dio_offset_align, status.stx_dio_mem_align});
}

bool has_stable_inodes(int fd) {
    constexpr auto exfat_magic = 0x2011BAB0;  // EXFAT_SUPER_MAGIC, in newer headers
    struct statfs status{};
    return ::fstatfs(fd, &status) == 0 && status.f_type != MSDOS_SUPER_MAGIC &&
           status.f_type != exfat_magic;
}

std::expected<FileInfo, std::error_code> file_info_beneath(int directory, std::string_view path) {
    if (!is_plain_path(path)) return failure(EINVAL);
    struct stat status{};
    const std::string name(path);
    if (patiently([&] { return ::fstatat(directory, name.c_str(), &status, 0); }) != 0)
        return std::unexpected(last_error());
    return to_info(status);
}

std::error_code allocate_blocks(int fd, std::uint64_t size_bytes) {
    if (size_bytes == 0) return {};
    const auto before = file_info(fd);
    int result = 0;
    do {
        result = ::fallocate(fd, 0, 0, static_cast<off_t>(size_bytes));
    } while (result != 0 && errno == EINTR);
    if (result == 0) return {};
    const std::error_code error = last_error();
    // What there was of a full disk has been taken: others need it.
    if (before && before->size_bytes < size_bytes) {
        [[maybe_unused]] const std::error_code ignored = set_size(fd, before->size_bytes);
    }
    return error;
}

std::error_code set_size(int fd, std::uint64_t size_bytes) {
    if (::ftruncate(fd, static_cast<off_t>(size_bytes)) != 0) return last_error();
    return {};
}

std::error_code atomic_write_file(int directory, std::string_view name, Bytes content) {
    const auto file = stage_file(directory, name, content);
    if (!file) return file.error();
    if (const std::error_code error = sync_file(file->get())) {
        drop_staged_file(directory, name);
        return error;
    }
    if (const std::error_code error = place_file(directory, name)) return error;
    return sync_file(directory);
}

std::string staged_name(std::string_view name) {
    return std::string(name) + ".new";
}

std::expected<FileDescriptor, std::error_code> stage_file(int directory, std::string_view name,
                                                          Bytes content) {
    if (!is_plain_path(name) || name.find('/') != std::string_view::npos) return failure(EINVAL);
    auto file = open_beneath(directory, staged_name(name),
                             {.write = true, .create = true, .truncate = true});
    if (!file) return file;
    if (const std::error_code error = write_whole(file->get(), content)) {
        drop_staged_file(directory, name);
        return std::unexpected(error);
    }
    return file;
}

std::error_code place_file(int directory, std::string_view name) {
    const std::string staged = staged_name(name);
    if (::renameat(directory, staged.c_str(), directory, std::string(name).c_str()) == 0) return {};
    const std::error_code error = last_error();
    drop_staged_file(directory, name);
    return error;
}

void drop_staged_file(int directory, std::string_view name) {
    ::unlinkat(directory, staged_name(name).c_str(), 0);
}

std::error_code sync_file(int fd) {
    while (::fsync(fd) != 0)
        if (errno != EINTR) return last_error();
    return {};
}

std::error_code check_writeback(int fd) {
    constexpr unsigned all =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    if (::sync_file_range(fd, 0, 0, all) != 0) return last_error();
    return {};
}

std::error_code sync_filesystem(int fd) {
    struct statfs status{};
    if (::fstatfs(fd, &status) != 0) return last_error();
    if (status.f_type == FUSE_SUPER_MAGIC) return std::make_error_code(std::errc::not_supported);
    if (::syncfs(fd) != 0) return last_error();
    return {};
}

std::expected<std::vector<std::byte>, std::error_code> read_whole_file(int directory,
                                                                       std::string_view path,
                                                                       std::size_t size_bytes_max) {
    auto file = open_beneath(directory, path);
    if (!file) return std::unexpected(file.error());
    const auto info = file_info(file->get());
    if (!info) return std::unexpected(info.error());
    if (info->size_bytes > size_bytes_max) return failure(EFBIG);
    std::vector<std::byte> content(info->size_bytes);
    std::size_t filled = 0;
    while (filled < content.size()) {
        const ssize_t count = ::read(file->get(), content.data() + filled, content.size() - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::unexpected(last_error());
        if (count == 0) break;  // it shrank meanwhile
        filled += static_cast<std::size_t>(count);
    }
    content.resize(filled);
    return content;
}

}  // namespace spate::io
