#include "engine/driver/torrent_files.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/base/time.hpp"
#include "engine/driver/file_trouble.hpp"
#include "engine/storage/resume_state.hpp"
#include "io/file.hpp"

namespace spate::driver {
namespace {

/// Nothing runs yet that could go on without: what lacks for a moment is waited for.
template <class Attempt>
std::error_code attempt_until_there_is_room(Attempt attempt) {
    constexpr int tries_max = 50;
    constexpr Duration pause = 100ms;
    std::error_code error = attempt();
    for (int tries = 1; error && is_shortage(trouble_of(error)) && tries < tries_max; ++tries) {
        std::this_thread::sleep_for(pause);
        error = attempt();
    }
    return error;
}

}  // namespace

std::shared_ptr<const io::FileDescriptor> OpenFolders::share(io::FileDescriptor opened) {
    auto own = std::make_shared<const io::FileDescriptor>(std::move(opened));
    const auto info = io::file_info(own->get());
    if (!info) return own;
    auto& known = folders_[{info->device, info->inode}];
    if (auto shared = known.lock()) return shared;
    known = own;
    return own;
}

std::expected<std::shared_ptr<const TorrentFiles>, std::string> TorrentFiles::open(
    const metainfo::Metainfo& metainfo, const std::filesystem::path& folder, bool download,
    const FileOptions& options, OpenFolders& folders) {
    if (metainfo.name == storage::records_folder)
        return std::unexpected(
            fmt::format("its name, '{}', is that of the folder for resume records", metainfo.name));
    std::error_code error = attempt_until_there_is_room([&] {
        std::error_code failure;
        if (download) std::filesystem::create_directories(folder, failure);
        return failure;
    });
    if (error)
        return std::unexpected(
            fmt::format("can't make the folder {}: {}", folder.string(), error.message()));
    io::FileDescriptor descriptor;
    error = attempt_until_there_is_room([&] {
        auto opened = io::open_directory(folder.empty() ? "." : folder.string());
        if (!opened) return opened.error();
        descriptor = std::move(*opened);
        return std::error_code();
    });
    if (error)
        return std::unexpected(
            fmt::format("can't open the folder {}: {}", folder.string(), error.message()));
    std::shared_ptr<TorrentFiles> files(new TorrentFiles(metainfo, folder, options));
    files->folder_descriptor_ = folders.share(std::move(descriptor));
    if (download || options.writable)
        files->written_ =
            std::make_unique<WrittenFiles>(files->map_, options.have, options.skipped);
    return files;
}

void TorrentFiles::restamp(storage::FileIndex index,
                           std::optional<storage::FileStamp> stamp) const {
    if (written_ && written_->touched(index)) {
        if (stamp) written_->adopt(index, *stamp);
        return;
    }
    const std::lock_guard lock(restamped_mutex_);
    restamped_[index.value] = stamp;
    any_restamped_.store(true, std::memory_order_release);
}

std::optional<std::optional<storage::FileStamp>> TorrentFiles::found(
    storage::FileIndex index) const {
    if (any_restamped_.load(std::memory_order_acquire)) {
        const std::lock_guard lock(restamped_mutex_);
        const auto again = restamped_.find(index.value);
        if (again != restamped_.end()) return again->second;
    }
    const auto& stamps = written_ ? options_.found : options_.stamps;
    if (stamps.empty()) return std::nullopt;
    return stamps[index.value];
}

std::string TorrentFiles::display_path(storage::FileIndex index) const {
    return (std::filesystem::path(folder_) / file(index).path).string();
}

std::expected<io::FileDescriptor, std::error_code> TorrentFiles::create(storage::FileIndex index,
                                                                        Making making) const {
    const std::string& path = file(index).path;
    const io::OpenOptions options{
        .write = true, .create = making != Making::never, .exclusive = making == Making::only_new};
    auto opened = io::open_beneath(folder_descriptor(), path, options);
    if (!opened && opened.error() == std::errc::no_such_file_or_directory &&
        making != Making::never) {
        if (const auto error = make_folders_of(path)) return std::unexpected(error);
        opened = io::open_beneath(folder_descriptor(), path, options);
    }
    return opened;
}

void TorrentFiles::set_mode(storage::FileIndex index, const io::FileDescriptor& file) const {
    struct stat status{};
    if (!files_[index.value].executable || ::fstat(file.get(), &status) != 0) return;
    constexpr mode_t readers = 0444;
    constexpr mode_t permissions = 07777;
    const mode_t mode = status.st_mode & permissions;
    ::fchmod(file.get(), mode | ((mode & readers) >> 2));
}

std::optional<storage::FileStamp> TorrentFiles::known_stamp(storage::FileIndex index) const {
    if (written_ && written_->touched(index)) return written_->rest_stamp(index);
    return found(index).value_or(std::nullopt);
}

std::error_code TorrentFiles::make_folders_of(std::string_view path) const {
    const std::size_t slash = path.rfind('/');
    if (slash == path.npos) return std::make_error_code(std::errc::no_such_file_or_directory);
    return io::make_directories_beneath(folder_descriptor(), path.substr(0, slash));
}

std::error_code TorrentFiles::make_link(storage::FileIndex index) const {
    const storage::PlannedFile& link = file(index);
    const auto make = [&] {
        return io::make_link_beneath(folder_descriptor(), link.path, link.link_target);
    };
    std::error_code error = make();
    if (error == std::errc::no_such_file_or_directory) {
        error = make_folders_of(link.path);
        if (!error) error = make();
    }
    if (error == std::errc::operation_not_permitted) {
        const auto made = create(index);
        return made ? std::error_code() : made.error();
    }
    return error == std::errc::file_exists ? std::error_code() : error;
}

bool TorrentFiles::suits_direct_writes(storage::FileIndex index) const {
    return options_.writes == FileWrites::direct &&
           map_.file_size_bytes(index) >= direct_file_bytes_min &&
           map_.file_start_bytes(index) % direct_unit_bytes == 0 &&
           map_.piece_length_bytes() % direct_unit_bytes == 0;
}

bool TorrentFiles::allocates(storage::FileIndex index, bool direct) const {
    if (options_.allocation != Allocation::automatic)
        return options_.allocation == Allocation::full;
    const storage::PieceRange pieces = map_.pieces_of(index);
    const Bitfield& skipped = options_.skipped;  // empty: nothing is
    for (std::uint32_t piece = pieces.first.value; piece < pieces.end.value; ++piece)
        if (piece < skipped.size() && skipped.test(piece)) return false;
    return direct;
}

io::FileDescriptor TorrentFiles::open_direct(storage::FileIndex index,
                                             const io::FileDescriptor& created) const {
    const auto unit = io::direct_unit_bytes(created.get());
    if (!unit || *unit != direct_unit_bytes) return {};
    auto direct =
        io::open_beneath(folder_descriptor(), file(index).path, {.write = true, .direct = true});
    const auto same_file = [&] {
        const auto first = io::file_info(created.get());
        const auto second = io::file_info(direct->get());
        return first && second && first->inode == second->inode && first->device == second->device;
    };
    return direct && same_file() ? std::move(*direct) : io::FileDescriptor();
}

std::error_code TorrentFiles::make_empty_file(storage::FileIndex index) const {
    if (!file(index).link_target.empty()) return make_link(index);
    const auto made = create(index);
    if (!made) return made.error();
    set_mode(index, *made);
    return {};
}

std::expected<void, std::string> TorrentFiles::make_empty_files() const {
    for (std::uint32_t i = 0; i < files_.size(); ++i) {
        if (files_[i].pad || files_[i].size_bytes != 0) continue;
        const storage::FileIndex index(i);
        const std::error_code error =
            attempt_until_there_is_room([&] { return make_empty_file(index); });
        if (error)
            return std::unexpected(
                fmt::format("can't create {}: {}", display_path(index), error.message()));
    }
    return {};
}

}  // namespace spate::driver
