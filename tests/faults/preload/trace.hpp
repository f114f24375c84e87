#pragma once
// tests/faults/preload/trace.hpp: what a process does to files, so that it can be cut off anywhere.
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

namespace spate::faults {

/// Appends to SPATE_TRACE, if that is set, a line for whatever is written, synced, made, renamed
/// and removed below the folder SPATE_TRACE_ROOT, and the written bytes to SPATE_TRACE.bytes. A
/// line is words behind which stands how much the process had said on standard output by then:
///
///     create INODE PATH | directory PATH | link PATH | rename OLD NEW | unlink PATH
///     truncate INODE SIZE | allocate INODE OFFSET LENGTH
///     write NUMBER INODE OFFSET LENGTH PLACE    begun; PLACE is where its bytes are
///     written NUMBER RESULT
///     sync NUMBER INODE | sync NUMBER all       begun, of a file, a folder, or everything
///     synced NUMBER RESULT
///     look INODE SIZE MTIME CTIME               after each change
///
/// Paths are relative to the folder and percent-encoded. Any thread.
class Trace {
public:
    static Trace& get();
    bool on() const { return log_ >= 0; }

    void opened(int fd, bool is_new, bool truncated);
    void made_directory(int directory, const char* path);
    void made_link(int directory, const char* path);
    void renamed(int old_directory, const char* old_path, int directory, const char* path);
    void unlinked(int directory, const char* path);
    void truncated(int fd, off_t size);
    void allocated(int fd, off_t offset, off_t length);

    /// 0: not below the folder; such an end is ignored.
    std::uint64_t begin_write(int fd, std::span<const iovec> ranges, off_t offset);
    void end_write(std::uint64_t number, int fd, long result);
    std::uint64_t begin_sync(int fd, bool all);
    void end_sync(std::uint64_t number, long result);

private:
    Trace();
    /// Relative to the folder; empty when it is elsewhere.
    std::string place_of(const std::string& path) const;
    std::string place_of(int directory, const char* path) const;
    std::string place_of(int fd) const;
    void put(const std::string& line);
    void look(int fd);

    int log_ = -1;
    int bytes_ = -1;
    std::string root_;
    std::mutex mutex_;
    std::uint64_t last_number_ = 0;
};

}  // namespace spate::faults
