#pragma once
// engine/driver/content/download_lock.hpp: one process at a time downloads a torrent into a folder.
#include <filesystem>
#include <optional>

#include "engine/base/ids.hpp"
#include "io/file_descriptor.hpp"

namespace spate::driver {

/// Ends with the process, however that ends, or when it is destroyed. It is a record lock on the
/// byte of FOLDER/.spate/lock that the info-hash names, so that other torrents may be downloaded
/// into the same folder.
class DownloadLock {
public:
    /// Nothing when somebody else has it. Where the file system knows no locks, or nothing can be
    /// written, it is given without being held: the download itself says what is wrong.
    static std::optional<DownloadLock> take(const std::filesystem::path& folder,
                                            const InfoHash& info_hash);

private:
    explicit DownloadLock(io::FileDescriptor file) : file_(std::move(file)) {}

    io::FileDescriptor file_;
};

}  // namespace spate::driver
