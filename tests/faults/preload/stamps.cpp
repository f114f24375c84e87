#include "tests/faults/preload/stamps.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/faults/preload/original.hpp"

namespace spate::faults {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

template <class Time>
std::int64_t to_ns(const Time& time) {
    return time.tv_sec * ns_per_s + static_cast<std::int64_t>(time.tv_nsec);
}

template <class Time>
void set_ns(Time& time, std::int64_t ns) {
    time.tv_sec = ns / ns_per_s;
    time.tv_nsec = static_cast<decltype(time.tv_nsec)>(ns % ns_per_s);
}

}  // namespace

const Stamps& Stamps::get() {
    static const Stamps& stamps = *new Stamps;  // never destroyed
    return stamps;
}

Stamps::Stamps() {
    if (const char* path = std::getenv("SPATE_BOOT_ID")) boot_id_ = path;
    if (const char* text = std::getenv("SPATE_MOUNT_ID"))
        mount_id_ = std::strtoull(text, nullptr, 10);
    const char* path = std::getenv("SPATE_STAMPS");
    if (path == nullptr) return;
    static const auto open_file = original(&std::fopen, "fopen");
    std::FILE* file = open_file(path, "re");
    if (file == nullptr) std::abort();
    Stamp copy;
    Stamp then;
    while (std::fscanf(file, "%lu %ld %ld %lu %ld %ld", &copy.inode, &copy.mtime_ns, &copy.ctime_ns,
                       &then.inode, &then.mtime_ns, &then.ctime_ns) == 6)
        stamps_[copy.inode] = {copy, then};
    std::fclose(file);
}

const std::pair<Stamps::Stamp, Stamps::Stamp>* Stamps::find(std::uint64_t inode) const {
    const auto found = stamps_.find(inode);
    return found == stamps_.end() ? nullptr : &found->second;
}

void Stamps::apply(struct stat& found) const {
    const auto* stamp = find(found.st_ino);
    if (stamp == nullptr) return;
    const auto& [copy, then] = *stamp;
    found.st_ino = then.inode;
    if (to_ns(found.st_mtim) != copy.mtime_ns || to_ns(found.st_ctim) != copy.ctime_ns) return;
    set_ns(found.st_mtim, then.mtime_ns);
    set_ns(found.st_ctim, then.ctime_ns);
}

void Stamps::apply(struct statx& found) const {
    if ((found.stx_mask & STATX_MNT_ID) != 0) found.stx_mnt_id += mount_id_;
    if ((found.stx_mask & STATX_INO) == 0) return;
    const auto* stamp = find(found.stx_ino);
    if (stamp == nullptr) return;
    const auto& [copy, then] = *stamp;
    found.stx_ino = then.inode;
    if (to_ns(found.stx_mtime) != copy.mtime_ns || to_ns(found.stx_ctime) != copy.ctime_ns) return;
    set_ns(found.stx_mtime, then.mtime_ns);
    set_ns(found.stx_ctime, then.ctime_ns);
}

const char* Stamps::redirected(const char* path) const {
    const bool is_boot_id = std::strcmp(path, "/proc/sys/kernel/random/boot_id") == 0;
    return is_boot_id && !boot_id_.empty() ? boot_id_.c_str() : path;
}

}  // namespace spate::faults
