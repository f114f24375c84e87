#pragma once
// engine/driver/content/path_locks.hpp: who writes a torrent's files excludes who uses them.
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/metainfo/metainfo.hpp"
#include "io/file_descriptor.hpp"

namespace spate::driver {

/// Why a lock wasn't given.
enum class LockConflict : std::uint8_t {
    downloaded,  // somebody is downloading to one of the paths
    seeded,      // somebody is seeding one of them
};

/// Locks on the paths of torrents' files, between processes and within one: a download has its
/// paths alone, seeds share theirs, whichever torrents they are of. Record locks on
/// FOLDER/.spate/lock, of open files, so that they end with the process however that ends. Each
/// path has a byte of its own there; a torrent of more than `files_max` files takes the place of
/// its whole folder. One thread.
class PathLocks {
public:
    static constexpr std::size_t files_max = 64;

    enum class Use : std::uint8_t { seed, download };

    /// Given back when it is destroyed.
    class Lock {
    public:
        Lock(Lock&& other) noexcept;
        Lock& operator=(Lock&&) = delete;
        ~Lock();
        /// The download is over: others may read now. Never fails.
        void share();

    private:
        friend class PathLocks;
        Lock(PathLocks* locks, std::filesystem::path folder, std::vector<std::uint64_t> places)
            : locks_(locks), folder_(std::move(folder)), places_(std::move(places)) {}

        PathLocks* locks_;
        std::filesystem::path folder_;
        std::vector<std::uint64_t> places_;  // sorted bytes, or one: its whole folder
        io::FileDescriptor own_;             // a writer's
        const void* shared_ = nullptr;       // a reader's SharedFile
    };

    /// Where the file system knows no locks, or nothing can be written, it is given without being
    /// held: a download itself says what is wrong.
    std::expected<Lock, LockConflict> take(const std::filesystem::path& folder,
                                           const metainfo::Metainfo& torrent, Use use);

private:
    /// What the readers of one folder have open together: there may be thousands.
    struct SharedFile {
        io::FileDescriptor file;
        std::map<std::uint64_t, std::size_t> users;  // by the place of their folder
    };

    bool read(Lock& lock);
    void give_back(const Lock& lock);

    std::map<std::pair<std::uint64_t, std::uint64_t>, SharedFile> shared_;  // by device, inode
};

}  // namespace spate::driver
