#pragma once
// engine/driver/serve_plan.hpp: where the payload of one send comes from.
#include <array>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/driver/file_table.hpp"
#include "engine/session/output.hpp"
#include "engine/storage/piece_map.hpp"
#include "engine/wire/message.hpp"

namespace spate::driver {

/// The blocks of a SendPlan as memory. A block within one file is sent from the file's mapping,
/// nothing copied; one that crosses files is read into memory of its own. Extents of mappings that
/// aren't in memory yet are named, so that the caller can have them read before it sends: a page
/// fault in a send would stall the whole core. Keeps the files open until clear().
class ServePlan {
public:
    /// Consecutive bytes of one file's mapping that are sent.
    struct Extent {
        storage::FileIndex file;
        OpenFile* open = nullptr;
        std::uint64_t offset_bytes = 0;  // in the file
        MutableBytes memory;
        /// In the file: where its last block's window of the piece ends (window_bytes).
        std::uint64_t window_end_bytes = 0;
    };
    /// What to read for a cold extent: whole pages of the file, and where they are mapped.
    struct ColdRead {
        int descriptor = -1;
        std::uint64_t offset_bytes = 0;
        MutableBytes memory;
    };
    /// A peer that asks for sequential_bytes_min in a row will want the rest of the window too, and
    /// a disk takes hardly longer for it. Who asks for less is given what it asked for.
    static constexpr std::uint32_t window_bytes = 256 * 1024;
    static constexpr std::uint32_t sequential_bytes_min = 64 * 1024;

    std::expected<void, FileTrouble> build(const session::SendPlan& plan, const TorrentFiles& files,
                                           FileTable& table, Time now);
    void clear();

    Bytes header(std::size_t block) const { return headers_[block]; }
    Bytes payload(std::size_t block) const { return payloads_[block]; }
    /// What to read of the next extent that isn't in memory, if any; each is named once.
    std::optional<ColdRead> next_cold_read();
    /// The file of the extent named last, or the first file: what to blame when a send faults.
    storage::FileIndex suspect() const;
    /// Says what is wrong with the files, as far as can be told.
    FileTrouble diagnose(const TorrentFiles& files) const;
    std::uint64_t bytes_copied() const { return bytes_copied_; }
    std::uint64_t bytes_mapped() const { return bytes_mapped_; }

private:
    std::expected<void, FileTrouble> add_block(std::size_t index, BlockRef block,
                                               const TorrentFiles& files, FileTable& table,
                                               TorrentId torrent, Time now);
    std::expected<void, FileTrouble> gather(std::size_t index, BlockRef block,
                                            const TorrentFiles& files, FileTable& table,
                                            TorrentId torrent, Time now);
    void extend(const storage::FileSlice& slice, BlockRef block, const TorrentFiles& files);

    std::array<wire::PieceHeader, session::SendPlan::blocks_max> headers_;
    std::array<Bytes, session::SendPlan::blocks_max> payloads_;
    std::vector<Extent> extents_;
    std::size_t next_extent_ = 0;
    struct UsedFile {
        storage::FileIndex index;
        std::shared_ptr<OpenFile> file;
    };
    std::vector<UsedFile> files_;
    std::vector<std::vector<std::byte>> gathered_;
    std::uint64_t bytes_copied_ = 0;
    std::uint64_t bytes_mapped_ = 0;
};

}  // namespace spate::driver
