#include "engine/driver/written_files.hpp"

#include "engine/driver/content/file_stamp.hpp"

namespace spate::driver {
namespace {

/// Of a few words' copying: nobody holds it for longer unless it was put to sleep.
constexpr int hold_attempts_max = 1000;

class Hold {
public:
    explicit Hold(std::atomic_flag& flag) : flag_(flag) {
        for (int i = 0; i < hold_attempts_max && !held_; ++i)
            held_ = !flag_.test_and_set(std::memory_order_acquire);
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() {
        if (held_) flag_.clear(std::memory_order_release);
    }
    explicit operator bool() const { return held_; }

private:
    std::atomic_flag& flag_;
    bool held_ = false;
};

}  // namespace

WrittenFiles::WrittenFiles(const storage::PieceMap& map, const Bitfield& have,
                           const Bitfield& skipped)
    : files_(std::make_unique<File[]>(map.file_count())) {
    const auto is_in = [](const Bitfield& pieces, std::uint32_t piece) {
        return piece < pieces.size() && pieces.test(piece);
    };
    for (std::uint32_t i = 0; i < map.file_count(); ++i) {
        const storage::PieceRange pieces = map.pieces_of(storage::FileIndex(i));
        std::uint32_t left = 0;
        for (std::uint32_t piece = pieces.first.value; piece < pieces.end.value; ++piece)
            left += is_in(have, piece) || is_in(skipped, piece) ? 0 : 1;
        files_[i].pieces_left.store(left, std::memory_order_relaxed);
    }
}

void WrittenFiles::end(storage::FileIndex file, int fd) {
    File& own = at(file);
    const std::uint32_t done = own.done.fetch_add(1) + 1;
    if (fd < 0 || own.begun.load() != done) return;  // the last of those under way will look
    const auto stamp = stamp_of(fd);
    if (!stamp || own.begun.load() != done) return;
    const Hold hold(own.held);
    if (!hold || own.rested_at > done) return;
    own.rest = *stamp;
    own.rested_at = done;
}

bool WrittenFiles::identify(storage::FileIndex file, const storage::FileStamp& opened) {
    std::uint64_t known = 0;
    return at(file).inode.compare_exchange_strong(known, opened.inode) || known == opened.inode;
}

void WrittenFiles::adopt(storage::FileIndex file, const storage::FileStamp& looks) {
    File& own = at(file);
    const std::uint32_t done = own.done.load();
    const Hold hold(own.held);
    if (!hold || own.begun.load() != done || own.inode.load() != looks.inode) return;
    own.rest = looks;
    own.rested_at = done;
}

std::optional<storage::FileStamp> WrittenFiles::rest_stamp(storage::FileIndex file) const {
    const File& own = at(file);
    const Hold hold(own.held);
    if (!hold || own.rested_at == 0 || own.begun.load() != own.rested_at) return std::nullopt;
    return own.rest;
}

bool WrittenFiles::changed_by_others(storage::FileIndex file, int fd) const {
    const File& own = at(file);
    const std::uint32_t begun = own.begun.load();
    const auto rest = rest_stamp(file);
    if (!rest) return false;
    const auto now = stamp_of(fd);
    return now && own.begun.load() == begun && *now != *rest;
}

bool WrittenFiles::piece_stored(storage::FileIndex file) {
    return at(file).pieces_left.fetch_sub(1) == 1;
}

}  // namespace spate::driver
