#include "engine/driver/content/download_lock.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>

#include "engine/driver/content/record_file.hpp"

namespace spate::driver {
namespace {

/// Which byte stands for the torrent. Two torrents of a folder with the same one are as unlikely as
/// two info-hashes that share these 62 bits.
off_t place_of(const InfoHash& info_hash) {
    std::uint64_t head = 0;
    std::memcpy(&head, info_hash.bytes.data(), sizeof head);
    return static_cast<off_t>(head & (~std::uint64_t{0} >> 2));  // behind it there is room for one
}

}  // namespace

std::optional<DownloadLock> DownloadLock::take(const std::filesystem::path& folder,
                                               const InfoHash& info_hash) {
    const std::filesystem::path records = records_path(folder);
    std::error_code ignored;
    std::filesystem::create_directories(records, ignored);
    io::FileDescriptor file(
        ::open((records / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!file) return DownloadLock({});
    struct flock range{};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_start = place_of(info_hash);
    range.l_len = 1;
    if (::fcntl(file.get(), F_OFD_SETLK, &range) == 0) return DownloadLock(std::move(file));
    if (errno == EAGAIN || errno == EACCES) return std::nullopt;
    return DownloadLock({});
}

}  // namespace spate::driver
