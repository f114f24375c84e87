#pragma once
// engine/driver/content/file_stamp.hpp: how a file looks now.
#include <optional>

#include "engine/storage/resume_state.hpp"
#include "io/file.hpp"

namespace spate::driver {

/// `stable_inodes`: io::has_stable_inodes() of its filesystem.
inline storage::FileStamp stamp_of(const io::FileInfo& info, bool stable_inodes = true) {
    return {.size_bytes = info.size_bytes,
            .mtime_ns = info.modified_ns,
            .ctime_ns = info.changed_ns,
            .inode = stable_inodes ? info.inode : 0,
            .device = info.device};
}

/// Of an open file, whatever its name has become; nothing where the kernel doesn't tell.
inline std::optional<storage::FileStamp> stamp_of(int fd, bool stable_inodes = true) {
    const auto info = io::file_info(fd);
    if (!info) return std::nullopt;
    return stamp_of(*info, stable_inodes);
}

/// One is the other's file, changed or not.
inline bool same_file(const storage::FileStamp& first, const storage::FileStamp& second) {
    return first.inode == second.inode && first.device == second.device;
}

}  // namespace spate::driver
