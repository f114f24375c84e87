#include "engine/driver/torrent_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

#include <fmt/format.h>

#include "io/file.hpp"

namespace spate::driver {

std::expected<std::shared_ptr<const TorrentFiles>, std::string> TorrentFiles::open(
    const metainfo::Metainfo& metainfo, const std::filesystem::path& folder, bool download,
    Allocation allocation) {
    std::error_code error;
    if (download) std::filesystem::create_directories(folder, error);
    if (error)
        return std::unexpected(
            fmt::format("can't make the folder {}: {}", folder.string(), error.message()));
    auto descriptor = io::open_directory(folder.empty() ? "." : folder.string());
    if (!descriptor)
        return std::unexpected(
            fmt::format("can't open the folder {}: {}", folder.string(), descriptor.error().message()));
    std::shared_ptr<TorrentFiles> files(new TorrentFiles(metainfo, folder, allocation));
    files->folder_descriptor_ = std::move(*descriptor);
    return files;
}

std::string TorrentFiles::display_path(storage::FileIndex index) const {
    return (folder_ / file(index).path).string();
}

std::expected<void, std::string> TorrentFiles::make_empty_files() const {
    for (std::size_t i = 0; i < files_.size(); ++i) {
        if (files_[i].pad || files_[i].size_bytes != 0) continue;
        const auto made = io::open_beneath(folder_descriptor_.get(), files_[i].path,
                                           {.write = true, .create = true, .truncate = true});
        if (!made)
            return std::unexpected(fmt::format(
                "can't create {}: {}", display_path(storage::FileIndex(static_cast<std::uint32_t>(i))),
                made.error().message()));
    }
    return {};
}

std::expected<void, std::string> TorrentFiles::sync() const {
    for (std::size_t i = 0; i < files_.size(); ++i) {
        if (files_[i].pad || files_[i].size_bytes == 0) continue;
        const auto file = io::open_beneath(folder_descriptor_.get(), files_[i].path);
        if (!file) continue;  // not begun
        if (::fdatasync(file->get()) != 0)
            return std::unexpected(fmt::format(
                "can't sync {}: {}", display_path(storage::FileIndex(static_cast<std::uint32_t>(i))),
                std::generic_category().message(errno)));
    }
    return {};
}

}  // namespace spate::driver
