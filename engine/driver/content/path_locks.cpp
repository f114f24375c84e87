#include "engine/driver/content/path_locks.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include "engine/driver/content/record_file.hpp"
#include "engine/storage/file_layout.hpp"
#include "hashing/xxh3.hpp"
#include "io/file.hpp"

namespace spate::driver {
namespace {

/// Of a place: above them the name of a torrent's file or folder, in them the path of a file.
constexpr unsigned path_bits = 32;
constexpr std::uint64_t path_mask = (std::uint64_t{1} << path_bits) - 1;
/// There are no places beyond 2^63.
constexpr std::uint64_t name_mask = (std::uint64_t{1} << 30) - 1;

std::uint64_t folder_of(std::uint64_t place) {
    return place & ~path_mask;
}

/// Two paths with the same place are as unlikely as two hashes that share these bits; such torrents
/// would only exclude each other without need.
std::vector<std::uint64_t> places_of(const metainfo::Metainfo& torrent) {
    const std::uint64_t folder = (hashing::xxh3_64(as_bytes(torrent.name)) & name_mask)
                                 << path_bits;
    std::vector<std::uint64_t> places;
    for (const storage::PlannedFile& file : storage::lay_out(torrent)) {
        if (file.pad || file.size_bytes == 0) continue;
        if (places.size() == PathLocks::files_max) return {folder};
        // Never 0, which stands for the whole folder.
        places.push_back(folder | (hashing::xxh3_64(as_bytes(file.path)) & path_mask) | 1);
    }
    std::ranges::sort(places);
    return places;
}

io::FileDescriptor open_lock_file(const std::filesystem::path& folder) {
    const std::filesystem::path records = records_path(folder);
    std::error_code ignored;
    std::filesystem::create_directories(records, ignored);
    const std::string path = records / "lock";
    io::FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!file) file = io::FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    return file;
}

/// False when somebody else's lock excludes it; what can't be locked counts as locked.
bool set_lock(int fd, std::uint64_t place, short type) {
    struct flock range{};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    range.l_start = static_cast<off_t>(place);
    range.l_len = place == folder_of(place) ? off_t{1} << path_bits : 1;
    return ::fcntl(fd, F_OFD_SETLK, &range) == 0 || (errno != EAGAIN && errno != EACCES);
}

bool set_locks(int fd, const std::vector<std::uint64_t>& places, short type) {
    return std::ranges::all_of(places,
                               [&](std::uint64_t place) { return set_lock(fd, place, type); });
}

}  // namespace

PathLocks::Lock::Lock(Lock&& other) noexcept
    : locks_(other.locks_),
      folder_(std::move(other.folder_)),
      places_(std::move(other.places_)),
      own_(std::move(other.own_)),
      shared_(std::exchange(other.shared_, nullptr)) {}

PathLocks::Lock::~Lock() {
    if (shared_ != nullptr) locks_->give_back(*this);
}

void PathLocks::Lock::share() {
    if (!own_) return;
    // First it lets readers in, ourselves among them.
    set_locks(own_.get(), places_, F_RDLCK);
    if (locks_->read(*this)) own_.reset();
}

std::expected<PathLocks::Lock, LockConflict> PathLocks::take(const std::filesystem::path& folder,
                                                             const metainfo::Metainfo& torrent,
                                                             Use use) {
    Lock lock(this, folder, places_of(torrent));
    if (use == Use::seed) {
        if (!read(lock)) return std::unexpected(LockConflict::downloaded);
        return lock;
    }
    io::FileDescriptor file = open_lock_file(folder);
    if (!file) return lock;
    if (!set_locks(file.get(), lock.places_, F_WRLCK)) {
        const bool read_only = set_locks(file.get(), lock.places_, F_RDLCK);
        return std::unexpected(read_only ? LockConflict::seeded : LockConflict::downloaded);
    }
    lock.own_ = std::move(file);
    return lock;
}

bool PathLocks::read(Lock& lock) {
    io::FileDescriptor file = open_lock_file(lock.folder_);
    const auto info = file ? io::file_info(file.get()) : std::unexpected(std::error_code());
    if (!info || lock.places_.empty()) return true;
    SharedFile& shared = shared_[{info->device, info->inode}];
    if (!shared.file) shared.file = std::move(file);
    // One that fails leaves what it locked before to the folder's other readers, who have it or
    // don't mind; the last of them gives it back.
    ++shared.users[folder_of(lock.places_.front())];
    lock.shared_ = &shared;
    if (set_locks(shared.file.get(), lock.places_, F_RDLCK)) return true;
    give_back(lock);
    lock.shared_ = nullptr;
    return false;
}

void PathLocks::give_back(const Lock& lock) {
    const auto shared = std::ranges::find_if(
        shared_, [&](const auto& entry) { return &entry.second == lock.shared_; });
    const std::uint64_t folder = folder_of(lock.places_.front());
    const auto users = shared->second.users.find(folder);
    if (--users->second > 0) return;
    set_lock(shared->second.file.get(), folder, F_UNLCK);
    shared->second.users.erase(users);
    if (shared->second.users.empty()) shared_.erase(shared);
}

}  // namespace spate::driver
