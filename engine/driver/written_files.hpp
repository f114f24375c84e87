#pragma once
// engine/driver/written_files.hpp: what is known of the files that a download writes.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/base/bitfield.hpp"
#include "engine/storage/piece_map.hpp"
#include "engine/storage/resume_state.hpp"

namespace spate::driver {

/// Of each file of one torrent, for all cores that write it and for the records of it: which file
/// it is, how it looked after the last change of ours, and whether all of it reached the disk.
///
/// Every change of ours (a write, a new size, allocated blocks) stands between begin() and end(),
/// and moves the file's times. So how a file looks proves something only while no change of ours
/// is under way: end() of the last one keeps the look. Whoever finds another look while nothing
/// was begun since knows that somebody else wrote to the file. A change of somebody else's in
/// between two of ours that overlap can't be told from them; nor can one within the same tick of
/// the file system's clock (milliseconds) as our last.
///
/// Any thread. Nobody waits: a look that two threads would keep at once isn't kept, which proves
/// less and never too much.
class WrittenFiles {
public:
    /// `have` and `skipped` (empty: none) as the download begins.
    WrittenFiles(const storage::PieceMap& map, const Bitfield& have, const Bitfield& skipped);

    /// Before a change of ours.
    void begin(storage::FileIndex file) { at(file).begun.fetch_add(1); }
    /// After it, with a descriptor of the file; -1: there is none, the change failed.
    void end(storage::FileIndex file, int fd);
    /// It was begun at least once.
    bool touched(storage::FileIndex file) const { return at(file).begun.load() != 0; }

    /// The file that was opened for writing, before anything of it is changed. False when another
    /// one was before it: it has been replaced.
    bool identify(storage::FileIndex file, const storage::FileStamp& opened);
    bool identified(storage::FileIndex file) const { return at(file).inode.load() != 0; }

    /// It was deleted: whatever is made in its place is the file from now on.
    void forget(storage::FileIndex file) { at(file).inode.store(0); }
    /// It was checked, and had looked so before: what others did to it is known. No effect while we
    /// change it, or when it is another file.
    void adopt(storage::FileIndex file, const storage::FileStamp& looks);

    /// How it looks if nobody but us has written to it; nothing while changes are under way, or
    /// when it isn't known.
    std::optional<storage::FileStamp> rest_stamp(storage::FileIndex file) const;
    /// Somebody else has written to it since our last change, as far as can be told now.
    bool changed_by_others(storage::FileIndex file, int fd) const;

    /// A piece with bytes of it was stored; true when that was the last one that it lacked.
    bool piece_stored(storage::FileIndex file);

    /// What was written to it may not have reached the disk.
    void lose(storage::FileIndex file) { at(file).lost.store(true); }
    bool lost(storage::FileIndex file) const { return at(file).lost.load(); }

private:
    struct File {
        std::atomic<std::uint32_t> begun{0};
        std::atomic<std::uint32_t> done{0};
        std::atomic<std::uint32_t> pieces_left{0};
        std::atomic<bool> lost{false};
        std::atomic<std::uint64_t> inode{0};
        mutable std::atomic_flag held;  // whoever reads or writes the two below
        std::uint32_t rested_at = 0;    // changes begun when `rest` was taken; 0: it was not
        storage::FileStamp rest;
    };

    File& at(storage::FileIndex file) { return files_[file.value]; }
    const File& at(storage::FileIndex file) const { return files_[file.value]; }

    std::unique_ptr<File[]> files_;
};

}  // namespace spate::driver
