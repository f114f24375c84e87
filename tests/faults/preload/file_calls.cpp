// Stands in front of the C library's calls on files; see plan.hpp and trace.hpp.
#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/faults/preload/calls.hpp"
#include "tests/faults/preload/stamps.hpp"
#include "tests/faults/preload/trace.hpp"

using namespace spate::faults;

namespace {

constexpr long cachestat_call = 451;

/// Descriptors of the standard streams are the harness's.
bool is_standard(int fd) {
    return fd <= STDERR_FILENO;
}

/// What a signal of an event or a line on a socket goes through is counted elsewhere or never
/// fails.
bool is_file(int fd) {
    struct statx found{};
    return ::syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &found) == 0 &&
           S_ISREG(found.stx_mode);
}

bool exists(int directory, const char* path) {
    struct statx found{};
    return ::syscall(SYS_statx, directory, path, AT_SYMLINK_NOFOLLOW, 0U, &found) == 0;
}

/// Opens by `open()` and traces it.
template <class Open>
int open_traced(int directory, const char* path, int flags, Open open) {
    const bool traced = Trace::get().on() && (flags & (O_CREAT | O_TRUNC)) != 0;
    const bool is_new = traced && !exists(directory, path);
    const int fd = open();
    const int error = errno;
    if (traced && fd >= 0) Trace::get().opened(fd, is_new, (flags & O_TRUNC) != 0);
    errno = error;
    return fd;
}

/// A transfer of `size` bytes by `move(bytes)`, as the plan wants it.
template <class Move>
ssize_t transfer(Kind kind, const void* caller, std::size_t size, Move move) {
    const Fault fault = fault_of(kind, caller);
    switch (fault.what) {
        case Fault::What::error:
            errno = fault.error;
            return -1;
        case Fault::What::nothing:
            return 0;
        case Fault::What::partial:
            return move(std::max<std::size_t>(size / 2, 1));
        case Fault::What::none:
        case Fault::What::late:
            break;
    }
    return move(size);
}

}  // namespace

extern "C" {

// --- Names

int open(const char* path, int flags, ...) {
    static const auto next = original(&::open, "open");
    va_list more;
    va_start(more, flags);
    const auto mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : mode_t{0};
    va_end(more);
    if (fails(Kind::open, __builtin_return_address(0))) return -1;
    path = Stamps::get().redirected(path);
    return open_traced(AT_FDCWD, path, flags, [&] { return next(path, flags, mode); });
}

int openat(int directory, const char* path, int flags, ...) {
    static const auto next = original(&::openat, "openat");
    va_list more;
    va_start(more, flags);
    const auto mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : mode_t{0};
    va_end(more);
    if (fails(Kind::open, __builtin_return_address(0))) return -1;
    return open_traced(directory, path, flags, [&] { return next(directory, path, flags, mode); });
}

FILE* fopen(const char* path, const char* how) {
    static const auto next = original(&::fopen, "fopen");
    if (fails(Kind::open, __builtin_return_address(0))) return nullptr;
    return next(Stamps::get().redirected(path), how);
}

FILE* fopen64(const char* path, const char* how) {
    static const auto next = original(&::fopen64, "fopen64");
    if (fails(Kind::open, __builtin_return_address(0))) return nullptr;
    return next(Stamps::get().redirected(path), how);
}

/// openat2 and cachestat have no functions of their own.
long syscall(long number, ...) noexcept {
    static const auto next = original(&::syscall, "syscall");
    va_list more;
    va_start(more, number);
    std::array<long, 6> words;
    for (long& word : words) word = va_arg(more, long);
    va_end(more);
    const auto call = [&] {
        return next(number, words[0], words[1], words[2], words[3], words[4], words[5]);
    };
    const void* const caller = __builtin_return_address(0);
    if (number == cachestat_call && fails(Kind::residency, caller)) return -1;
    if (number != SYS_openat2) return call();
    if (fails(Kind::open, caller)) return -1;
    const auto& how = *reinterpret_cast<const open_how*>(words[2]);
    return open_traced(static_cast<int>(words[0]), reinterpret_cast<const char*>(words[1]),
                       static_cast<int>(how.flags), [&] { return static_cast<int>(call()); });
}

int mkdir(const char* path, mode_t mode) noexcept {
    static const auto next = original(&::mkdir, "mkdir");
    if (fails(Kind::make_directory, __builtin_return_address(0))) return -1;
    const int result = next(path, mode);
    if (result == 0) Trace::get().made_directory(AT_FDCWD, path);
    return result;
}

int mkdirat(int directory, const char* path, mode_t mode) noexcept {
    static const auto next = original(&::mkdirat, "mkdirat");
    if (fails(Kind::make_directory, __builtin_return_address(0))) return -1;
    const int result = next(directory, path, mode);
    if (result == 0) Trace::get().made_directory(directory, path);
    return result;
}

int symlinkat(const char* target, int directory, const char* path) noexcept {
    static const auto next = original(&::symlinkat, "symlinkat");
    if (fails(Kind::link, __builtin_return_address(0))) return -1;
    const int result = next(target, directory, path);
    if (result == 0) Trace::get().made_link(directory, path);
    return result;
}

int rename(const char* old_path, const char* path) noexcept {
    static const auto next = original(&::rename, "rename");
    if (fails(Kind::rename, __builtin_return_address(0))) return -1;
    const int result = next(old_path, path);
    if (result == 0) Trace::get().renamed(AT_FDCWD, old_path, AT_FDCWD, path);
    return result;
}

int renameat(int old_directory, const char* old_path, int directory, const char* path) noexcept {
    static const auto next = original(&::renameat, "renameat");
    if (fails(Kind::rename, __builtin_return_address(0))) return -1;
    const int result = next(old_directory, old_path, directory, path);
    if (result == 0) Trace::get().renamed(old_directory, old_path, directory, path);
    return result;
}

int unlink(const char* path) noexcept {
    static const auto next = original(&::unlink, "unlink");
    if (fails(Kind::unlink, __builtin_return_address(0))) return -1;
    const int result = next(path);
    if (result == 0) Trace::get().unlinked(AT_FDCWD, path);
    return result;
}

int unlinkat(int directory, const char* path, int flags) noexcept {
    static const auto next = original(&::unlinkat, "unlinkat");
    if (fails(Kind::unlink, __builtin_return_address(0))) return -1;
    const int result = next(directory, path, flags);
    if (result == 0) Trace::get().unlinked(directory, path);
    return result;
}

int faccessat(int directory, const char* path, int how, int flags) noexcept {
    static const auto next = original(&::faccessat, "faccessat");
    if (fails(Kind::access, __builtin_return_address(0))) return -1;
    return next(directory, path, how, flags);
}

int fchmod(int fd, mode_t mode) noexcept {
    static const auto next = original(&::fchmod, "fchmod");
    if (fails(Kind::change_mode, __builtin_return_address(0))) return -1;
    return next(fd, mode);
}

// --- How files look

int stat(const char* path, struct stat* found) noexcept {
    static const auto next =
        original(static_cast<int (*)(const char*, struct stat*)>(&::stat), "stat");
    if (fails(Kind::stat, __builtin_return_address(0))) return -1;
    const int result = next(path, found);
    if (result == 0) Stamps::get().apply(*found);
    return result;
}

int lstat(const char* path, struct stat* found) noexcept {
    static const auto next = original(&::lstat, "lstat");
    if (fails(Kind::stat, __builtin_return_address(0))) return -1;
    const int result = next(path, found);
    if (result == 0) Stamps::get().apply(*found);
    return result;
}

int fstat(int fd, struct stat* found) noexcept {
    static const auto next = original(&::fstat, "fstat");
    if (fails(Kind::stat, __builtin_return_address(0))) return -1;
    const int result = next(fd, found);
    if (result == 0) Stamps::get().apply(*found);
    return result;
}

int fstatat(int directory, const char* path, struct stat* found, int flags) noexcept {
    static const auto next = original(&::fstatat, "fstatat");
    if (fails(Kind::stat, __builtin_return_address(0))) return -1;
    const int result = next(directory, path, found, flags);
    if (result == 0) Stamps::get().apply(*found);
    return result;
}

int statx(int directory, const char* path, int flags, unsigned mask, struct statx* found) noexcept {
    static const auto next = original(
        static_cast<int (*)(int, const char*, int, unsigned, struct statx*)>(&::statx), "statx");
    if (fails(Kind::stat, __builtin_return_address(0))) return -1;
    const int result = next(directory, path, flags, mask, found);
    if (result == 0) Stamps::get().apply(*found);
    return result;
}

int fstatfs(int fd, struct statfs* found) noexcept {
    static const auto next = original(&::fstatfs, "fstatfs");
    if (fails(Kind::statfs, __builtin_return_address(0))) return -1;
    return next(fd, found);
}

off_t lseek(int fd, off_t offset, int whence) noexcept {
    static const auto next = original(&::lseek, "lseek");
    if (fails(Kind::seek, __builtin_return_address(0))) return -1;
    return next(fd, offset, whence);
}

int fcntl(int fd, int command, ...) {
    static const auto next = original(&::fcntl, "fcntl");
    va_list more;
    va_start(more, command);
    void* const argument = va_arg(more, void*);
    va_end(more);
    if (fails(Kind::control, __builtin_return_address(0))) return -1;
    return next(fd, command, argument);
}

// --- Sizes and syncs

int ftruncate(int fd, off_t size) noexcept {
    static const auto next = original(&::ftruncate, "ftruncate");
    if (fails(Kind::truncate, __builtin_return_address(0))) return -1;
    const int result = next(fd, size);
    if (result == 0) Trace::get().truncated(fd, size);
    return result;
}

int fallocate(int fd, int mode, off_t offset, off_t length) {
    static const auto next = original(&::fallocate, "fallocate");
    if (fails(Kind::allocate, __builtin_return_address(0))) return -1;
    const int result = next(fd, mode, offset, length);
    const int error = errno;
    if (result == 0) Trace::get().allocated(fd, offset, length);
    errno = error;
    return result;
}

int fsync(int fd) {
    static const auto next = original(&::fsync, "fsync");
    if (fails(Kind::sync, __builtin_return_address(0))) return -1;
    const std::uint64_t number = Trace::get().begin_sync(fd, false);
    const int result = next(fd);
    Trace::get().end_sync(number, result);
    return result;
}

int fdatasync(int fd) {
    static const auto next = original(&::fdatasync, "fdatasync");
    if (fails(Kind::sync, __builtin_return_address(0))) return -1;
    const std::uint64_t number = Trace::get().begin_sync(fd, false);
    const int result = next(fd);
    Trace::get().end_sync(number, result);
    return result;
}

int syncfs(int fd) noexcept {
    static const auto next = original(&::syncfs, "syncfs");
    if (fails(Kind::sync_filesystem, __builtin_return_address(0))) return -1;
    const std::uint64_t number = Trace::get().begin_sync(fd, true);
    const int result = next(fd);
    Trace::get().end_sync(number, result);
    return result;
}

// --- Bytes

ssize_t read(int fd, void* into, std::size_t size) {
    static const auto next = original(&::read, "read");
    if (is_standard(fd) || !is_file(fd)) return next(fd, into, size);
    return transfer(Kind::read, __builtin_return_address(0), size,
                    [&](std::size_t bytes) { return next(fd, into, bytes); });
}

ssize_t pread(int fd, void* into, std::size_t size, off_t offset) {
    static const auto next = original(&::pread, "pread");
    return transfer(Kind::read, __builtin_return_address(0), size,
                    [&](std::size_t bytes) { return next(fd, into, bytes, offset); });
}

ssize_t write(int fd, const void* from, std::size_t size) {
    static const auto next = original(&::write, "write");
    if (is_standard(fd) || !is_file(fd)) return next(fd, from, size);
    return transfer(Kind::write, __builtin_return_address(0), size, [&](std::size_t bytes) {
        const iovec range{const_cast<void*>(from), bytes};
        const off_t offset = Trace::get().on() ? ::syscall(SYS_lseek, fd, 0L, long{SEEK_CUR}) : 0;
        const std::uint64_t number = Trace::get().begin_write(fd, {&range, 1}, offset);
        const ssize_t result = next(fd, from, bytes);
        const int error = errno;
        Trace::get().end_write(number, fd, result);
        errno = error;
        return result;
    });
}

int close(int fd) {
    static const auto next = original(&::close, "close");
    // It is closed whatever the call says.
    const int result = next(fd);
    return fails(Kind::close, __builtin_return_address(0)) ? -1 : result;
}

// --- Memory

void* mmap(void* at, std::size_t size, int protection, int flags, int fd, off_t offset) noexcept {
    static const auto next = original(&::mmap, "mmap");
    const Kind kind = fd >= 0 ? Kind::map_file : Kind::map_memory;
    if (fails(kind, __builtin_return_address(0))) return MAP_FAILED;
    return next(at, size, protection, flags, fd, offset);
}

int madvise(void* at, std::size_t size, int advice) noexcept {
    static const auto next = original(&::madvise, "madvise");
    if (fails(Kind::advise, __builtin_return_address(0))) return -1;
    return next(at, size, advice);
}

int mincore(void* at, std::size_t size, unsigned char* pages) noexcept {
    static const auto next = original(&::mincore, "mincore");
    if (fails(Kind::residency, __builtin_return_address(0))) return -1;
    return next(at, size, pages);
}

}  // extern "C"
