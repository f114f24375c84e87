#pragma once
// engine/driver/torrent_files.hpp: where a torrent's bytes are on disk; the same for all cores.
#include <atomic>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/driver/engine.hpp"
#include "engine/driver/written_files.hpp"
#include "engine/storage/file_layout.hpp"
#include "engine/storage/piece_map.hpp"
#include "engine/storage/resume_state.hpp"
#include "io/file_descriptor.hpp"

namespace spate::driver {

struct FileOptions {
    Allocation allocation = Allocation::automatic;
    FileWrites writes = FileWrites::direct;
    Bitfield skipped{};  ///< pieces nobody wants; empty: none
    /// How the files looked when they were checked, where nothing is written to them any more: one
    /// that changed since isn't served. Empty: not known.
    std::vector<std::optional<storage::FileStamp>> stamps{};
    /// It may be written to: a download, or what gets again what it loses.
    bool writable = false;
    Bitfield have{};  ///< of one that is: pieces that are there as it begins; empty: none
    /// Of a download: how the files looked when they were checked, nothing where there was none.
    /// What is there now and isn't that file as it was is none of ours. Empty: not known.
    std::vector<std::optional<storage::FileStamp>> found{};
};

/// How a file is opened for writing.
enum class Making : std::uint8_t {
    if_missing,
    only_new,  ///< EEXIST when something has its name
    never,     ///< ENOENT when nothing has
};

/// Folders that torrents have open: thousands of torrents in one folder share a descriptor of it.
/// One thread.
class OpenFolders {
public:
    /// The descriptor to use for the folder that was just opened.
    std::shared_ptr<const io::FileDescriptor> share(io::FileDescriptor opened);

private:
    using Identity = std::pair<std::uint64_t, std::uint64_t>;  // device, inode
    std::map<Identity, std::weak_ptr<const io::FileDescriptor>> folders_;
};

/// The folder, open, and the files below it. Shared by all cores; each opens files for itself
/// (FileTable). Nothing of it changes but how files look that were checked again.
class TorrentFiles {
public:
    /// What direct writes keep to, see io::direct_unit_bytes().
    static constexpr std::uint32_t direct_unit_bytes = 4096;
    static constexpr std::uint64_t direct_file_bytes_min = 256 * 1024;

    /// Makes the folder when there is something to download. Fails with a sentence.
    static std::expected<std::shared_ptr<const TorrentFiles>, std::string> open(
        const metainfo::Metainfo& metainfo, const std::filesystem::path& folder, bool download,
        const FileOptions& options, OpenFolders& folders);

    const storage::PieceMap& map() const { return map_; }
    const storage::PlannedFile& file(storage::FileIndex index) const { return files_[index.value]; }
    const std::vector<storage::PlannedFile>& files() const { return files_; }
    /// What a download has written; nullptr: nothing is written to this torrent.
    WrittenFiles* written() const { return written_.get(); }
    /// How a file looked when the download began, or when it was checked last: outer nothing where
    /// that isn't known, inner where there was none.
    std::optional<std::optional<storage::FileStamp>> found(storage::FileIndex index) const;
    /// How the file looks if it is as it was checked or as we wrote it; nothing: not known, or it
    /// is being written.
    std::optional<storage::FileStamp> known_stamp(storage::FileIndex index) const;
    /// It was checked again, and had looked so before; nothing: it wasn't there. Any thread.
    void restamp(storage::FileIndex index, std::optional<storage::FileStamp> stamp) const;
    int folder_descriptor() const { return folder_descriptor_->get(); }
    /// All its pieces but the last start and end on multiples of direct_unit_bytes, in the file and
    /// in their buffers, and it is large enough to be worth a second descriptor.
    bool suits_direct_writes(storage::FileIndex index) const;
    /// Whether it gets all its blocks before its first write. `direct`: open_direct() worked.
    bool allocates(storage::FileIndex index, bool direct) const;
    /// For messages: the file's whole path.
    std::string display_path(storage::FileIndex index) const;

    /// The file open for writing, made with its folders when it isn't there.
    std::expected<io::FileDescriptor, std::error_code> create(
        storage::FileIndex index, Making making = Making::if_missing) const;
    /// Executable files (BEP 47) are made so for all who may read them. That a file system can't
    /// say it (FAT) doesn't stop a download.
    void set_mode(storage::FileIndex index, const io::FileDescriptor& file) const;
    /// The file that create() gave, open once more with O_DIRECT; empty when the filesystem can't.
    io::FileDescriptor open_direct(storage::FileIndex index,
                                   const io::FileDescriptor& created) const;
    /// Empty files and symbolic links (BEP 47), which no piece names: made when the download
    /// starts. Where a link's name is taken already, that is left as it is; a filesystem without
    /// links gets an empty file, as in clients that don't know them.
    std::expected<void, std::string> make_empty_files() const;

private:
    std::error_code make_empty_file(storage::FileIndex index) const;
    std::error_code make_link(storage::FileIndex index) const;
    std::error_code make_folders_of(std::string_view path) const;

    TorrentFiles(const metainfo::Metainfo& metainfo, const std::filesystem::path& folder,
                 const FileOptions& options)
        : map_(metainfo),
          files_(storage::lay_out(metainfo)),
          folder_(folder.string()),
          options_(options) {}

    storage::PieceMap map_;
    std::vector<storage::PlannedFile> files_;
    std::string folder_;  // as text: a path keeps each of its components as well
    std::shared_ptr<const io::FileDescriptor> folder_descriptor_;
    FileOptions options_;
    std::unique_ptr<WrittenFiles> written_;
    /// Of the files that were checked again: few, and looked at once a second for each that is
    /// served.
    mutable std::mutex restamped_mutex_;
    mutable std::map<std::uint32_t, std::optional<storage::FileStamp>> restamped_;
    mutable std::atomic<bool> any_restamped_{false};
};

}  // namespace spate::driver
