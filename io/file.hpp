#pragma once
// io/file.hpp: files below a directory, without leaving it.
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <vector>

#include "engine/base/bytes.hpp"
#include "io/file_descriptor.hpp"

namespace spate::io {

/// These calls block and belong to start-up, to helper threads and to rare events. Paths are
/// relative to a directory that the caller opened, and refused (EINVAL) unless is_plain_path().

struct OpenOptions {
    bool write = false;
    bool create = false;     ///< with its directories in place; see make_directories_beneath()
    bool exclusive = false;  ///< with `create`: EEXIST when something has its name
    bool truncate = false;
    bool direct = false;  ///< O_DIRECT; EINVAL where the filesystem has none
};

struct FileInfo {
    std::uint64_t size_bytes = 0;
    std::uint64_t allocated_bytes = 0;
    std::int64_t modified_ns = 0;  ///< since 1970
    /// Since 1970: when bytes, owner, rights, names or times were last changed. Nobody can set it.
    std::int64_t changed_ns = 0;
    std::uint64_t inode = 0;
    std::uint64_t device = 0;
    bool operator==(const FileInfo&) const = default;
};

std::expected<FileDescriptor, std::error_code> open_directory(const std::string& path);

/// A regular file; a directory is EISDIR, a device or pipe ENXIO. For writing, no symbolic link
/// leads out of `directory` (EXDEV; kernels or filters without openat2 refuse every link: ELOOP).
/// For reading, links that the user made are followed.
std::expected<FileDescriptor, std::error_code> open_beneath(int directory, std::string_view path,
                                                            const OpenOptions& options = {});

/// Makes the directories of `path`, all its components included; existing ones are fine. Doesn't
/// leave `directory`, as open_beneath for writing.
std::error_code make_directories_beneath(int directory, std::string_view path);

/// Makes a symbolic link that says `target`, with its directories in place. Doesn't leave
/// `directory`, as open_beneath for writing; where it leads is the caller's concern. EEXIST when
/// something has that name.
std::error_code make_link_beneath(int directory, std::string_view path, const std::string& target);

/// open_beneath() without openat2, for kernels and containers that lack it: no link at all.
std::expected<FileDescriptor, std::error_code> open_without_links(int directory,
                                                                  std::string_view path,
                                                                  const OpenOptions& options);

std::expected<FileInfo, std::error_code> file_info(int fd);
FileInfo to_info(const struct ::stat& status);
/// What offsets, lengths and addresses of O_DIRECT transfers must be multiples of for the
/// filesystem to take them without work of its own: at least the size of its blocks, 4096. Empty
/// where it has no O_DIRECT; kernels before 6.1 don't tell, and opening decides.
std::optional<std::uint32_t> direct_unit_bytes(int fd);
/// False on FAT and exFAT, which number a file anew when they have forgotten it, and whose times
/// are too coarse to tell two files apart.
bool has_stable_inodes(int fd);
/// Follows links, as opening for reading does.
std::expected<FileInfo, std::error_code> file_info_beneath(int directory, std::string_view path);

/// Blocks for the first `size_bytes`; the file is at least that long then. EOPNOTSUPP where the
/// filesystem can't, ENOSPC when the disk is full (and nothing is kept allocated by our choice).
std::error_code allocate_blocks(int fd, std::uint64_t size_bytes);
/// Sparse where it grows.
std::error_code set_size(int fd, std::uint64_t size_bytes);

/// Replaces file `name` in `directory` whole or not at all, even when the power fails: writes
/// `name`.new, syncs, renames, syncs the directory. One writer a name.
std::error_code atomic_write_file(int directory, std::string_view name, Bytes content);
/// The same in two steps, for many files under one sync: the staged file, which is open in the
/// result, must be on the disk before place_file() makes it `name`. A crash in between leaves the
/// old file.
std::expected<FileDescriptor, std::error_code> stage_file(int directory, std::string_view name,
                                                          Bytes content);
/// What it is called until then: `name`.new.
std::string staged_name(std::string_view name);
/// What remains of a file that can't be placed is removed.
std::error_code place_file(int directory, std::string_view name);
void drop_staged_file(int directory, std::string_view name);

/// Blocks until the file, or directory, is on the disk.
std::error_code sync_file(int fd);
/// After a sync of its whole filesystem: whether writing back what was written through this
/// descriptor failed. Without a flush of the device's own, so that it costs nothing.
std::error_code check_writeback(int fd);
/// Blocks until everything on the file's filesystem is on the disk. EOPNOTSUPP where the kernel
/// can't tell: FUSE says yes and does nothing.
std::error_code sync_filesystem(int fd);
/// EFBIG when it is longer than `size_bytes_max`.
std::expected<std::vector<std::byte>, std::error_code> read_whole_file(int directory,
                                                                       std::string_view path,
                                                                       std::size_t size_bytes_max);

}  // namespace spate::io
