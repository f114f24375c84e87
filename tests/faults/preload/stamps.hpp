#pragma once
// tests/faults/preload/stamps.hpp: files that look as those they are copies of did.
#include <cstdint>
#include <map>
#include <string>
#include <sys/stat.h>
#include <utility>

namespace spate::faults {

/// A folder that is put together anew from a trace has other inodes and times. Here each of its
/// files looks as it did when the trace was taken, until somebody changes it: then it has the old
/// inode and its new times. Read once from the file SPATE_STAMPS, a line each:
///
///     INODE MTIME CTIME    of the copy (nanoseconds),    INODE MTIME CTIME    of the original
///
/// And the machine's run is another: SPATE_BOOT_ID is a file that takes the place of Linux's. And
/// the mount is another: SPATE_MOUNT_ID is added to the identities of mounts.
class Stamps {
public:
    static const Stamps& get();

    void apply(struct stat& found) const;
    void apply(struct statx& found) const;
    /// `path`, or what takes its place.
    const char* redirected(const char* path) const;

private:
    struct Stamp {
        std::uint64_t inode = 0;
        std::int64_t mtime_ns = 0;
        std::int64_t ctime_ns = 0;
    };
    Stamps();
    const std::pair<Stamp, Stamp>* find(std::uint64_t inode) const;

    std::map<std::uint64_t, std::pair<Stamp, Stamp>> stamps_;  // by the copy's inode
    std::string boot_id_;
    std::uint64_t mount_id_ = 0;
};

}  // namespace spate::faults
