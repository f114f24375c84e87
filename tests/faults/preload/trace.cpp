#include "tests/faults/preload/trace.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace spate::faults {
namespace {

int open_log(const std::string& path) {
    return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path.c_str(),
                                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
}

void put_bytes(int fd, const void* data, std::size_t size) {
    const auto* from = static_cast<const char*>(data);
    while (size > 0) {
        const long written = ::syscall(SYS_write, fd, from, size);
        if (written <= 0) ::abort();
        from += written;
        size -= static_cast<std::size_t>(written);
    }
}

std::string link_target(const std::string& link) {
    std::array<char, 4096> target;
    const long size =
        ::syscall(SYS_readlinkat, AT_FDCWD, link.c_str(), target.data(), target.size());
    return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string path_of(int fd) {
    return link_target("/proc/self/fd/" + std::to_string(fd));
}

std::string encoded(const std::string& path) {
    std::string text;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > ' ' && byte != '%' && byte < 0x7f) {
            text += c;
            continue;
        }
        std::array<char, 4> digits;
        std::snprintf(digits.data(), digits.size(), "%%%02x", byte);
        text += digits.data();
    }
    return text;
}

/// By number: the calls of that name are the ones we stand in front of.
bool look_at(int fd, struct statx& found) {
    return ::syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &found) == 0;
}

long long nanoseconds(const statx_timestamp& time) {
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

}  // namespace

Trace& Trace::get() {
    static Trace& trace = *new Trace;  // never destroyed
    return trace;
}

Trace::Trace() {
    const char* path = std::getenv("SPATE_TRACE");
    const char* root = std::getenv("SPATE_TRACE_ROOT");
    if (path == nullptr || root == nullptr) return;
    root_ = std::string(root) + '/';
    log_ = open_log(path);
    bytes_ = open_log(std::string(path) + ".bytes");
    // Numbers go on where another process left off: a trace may span several.
    struct statx size{};
    if (look_at(bytes_, size)) last_number_ = size.stx_size + 1;
    struct statx lines{};
    if (look_at(log_, lines)) last_number_ += lines.stx_size;
}

std::string Trace::place_of(const std::string& path) const {
    if (!path.starts_with(root_)) return {};
    return encoded(path.substr(root_.size()));
}

std::string Trace::place_of(int fd) const {
    return place_of(path_of(fd));
}

std::string Trace::place_of(int directory, const char* path) const {
    if (*path == '/') return place_of(std::string(path));
    const std::string base =
        directory == AT_FDCWD ? link_target("/proc/self/cwd") : path_of(directory);
    return place_of(base + '/' + path);
}

void Trace::put(const std::string& line) {
    struct statx said{};
    look_at(STDOUT_FILENO, said);
    const std::string whole = line + ' ' + std::to_string(said.stx_size) + '\n';
    put_bytes(log_, whole.data(), whole.size());
}

void Trace::look(int fd) {
    struct statx found{};
    if (!look_at(fd, found)) return;
    put("look " + std::to_string(found.stx_ino) + ' ' + std::to_string(found.stx_size) + ' ' +
        std::to_string(nanoseconds(found.stx_mtime)) + ' ' +
        std::to_string(nanoseconds(found.stx_ctime)));
}

void Trace::opened(int fd, bool is_new, bool truncated) {
    if (!on()) return;
    struct statx found{};
    if (!look_at(fd, found) || !S_ISREG(found.stx_mode)) return;
    const std::string place = place_of(fd);
    if (place.empty()) return;
    const std::lock_guard lock(mutex_);
    const std::string inode = std::to_string(found.stx_ino);
    if (is_new)
        put("create " + inode + ' ' + place);
    else if (truncated)
        put("truncate " + inode + " 0");
    look(fd);
}

void Trace::made_directory(int directory, const char* path) {
    if (!on()) return;
    const std::string place = place_of(directory, path);
    const std::lock_guard lock(mutex_);
    if (!place.empty()) put("directory " + place);
}

void Trace::made_link(int directory, const char* path) {
    if (!on()) return;
    const std::string place = place_of(directory, path);
    const std::lock_guard lock(mutex_);
    if (!place.empty()) put("link " + place);
}

void Trace::renamed(int old_directory, const char* old_path, int directory, const char* path) {
    if (!on()) return;
    const std::string from = place_of(old_directory, old_path);
    const std::string to = place_of(directory, path);
    const std::lock_guard lock(mutex_);
    if (!from.empty() && !to.empty()) put("rename " + from + ' ' + to);
}

void Trace::unlinked(int directory, const char* path) {
    if (!on()) return;
    const std::string place = place_of(directory, path);
    const std::lock_guard lock(mutex_);
    if (!place.empty()) put("unlink " + place);
}

void Trace::truncated(int fd, off_t size) {
    if (!on() || place_of(fd).empty()) return;
    struct statx found{};
    look_at(fd, found);
    const std::lock_guard lock(mutex_);
    put("truncate " + std::to_string(found.stx_ino) + ' ' + std::to_string(size));
    look(fd);
}

void Trace::allocated(int fd, off_t offset, off_t length) {
    if (!on() || place_of(fd).empty()) return;
    struct statx found{};
    look_at(fd, found);
    const std::lock_guard lock(mutex_);
    put("allocate " + std::to_string(found.stx_ino) + ' ' + std::to_string(offset) + ' ' +
        std::to_string(length));
    look(fd);
}

std::uint64_t Trace::begin_write(int fd, std::span<const iovec> ranges, off_t offset) {
    if (!on() || place_of(fd).empty()) return 0;
    struct statx found{};
    if (!look_at(fd, found) || !S_ISREG(found.stx_mode)) return 0;
    const std::lock_guard lock(mutex_);
    struct statx place{};
    look_at(bytes_, place);
    std::size_t length = 0;
    for (const iovec& range : ranges) {
        put_bytes(bytes_, range.iov_base, range.iov_len);
        length += range.iov_len;
    }
    const std::uint64_t number = ++last_number_;
    put("write " + std::to_string(number) + ' ' + std::to_string(found.stx_ino) + ' ' +
        std::to_string(offset) + ' ' + std::to_string(length) + ' ' +
        std::to_string(place.stx_size));
    return number;
}

void Trace::end_write(std::uint64_t number, int fd, long result) {
    if (number == 0) return;
    const std::lock_guard lock(mutex_);
    put("written " + std::to_string(number) + ' ' + std::to_string(result));
    look(fd);
}

std::uint64_t Trace::begin_sync(int fd, bool all) {
    if (!on()) return 0;
    struct statx found{};
    const std::string path = path_of(fd) + '/';
    if (!look_at(fd, found) || (!all && !path.starts_with(root_))) return 0;
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = ++last_number_;
    // A folder is named by its path.
    const std::string what = all                       ? "all"
                             : S_ISDIR(found.stx_mode) ? "/" + encoded(path.substr(root_.size()))
                                                       : std::to_string(found.stx_ino);
    put("sync " + std::to_string(number) + ' ' + what);
    return number;
}

void Trace::end_sync(std::uint64_t number, long result) {
    if (number == 0) return;
    const std::lock_guard lock(mutex_);
    put("synced " + std::to_string(number) + ' ' + std::to_string(result));
}

}  // namespace spate::faults
