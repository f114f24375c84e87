#pragma once
// engine/sim/virtual_disk.hpp: a node's copy of one torrent.
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"
#include "engine/base/time.hpp"
#include "engine/sim/test_content.hpp"

namespace spate::sim {

/// How a disk behaves.
struct DiskOptions {
    Duration write_delay = 2ms;
    /// Pieces that fit; the next write fails.
    std::uint32_t capacity_pieces = std::numeric_limits<std::uint32_t>::max();
    /// Every block that is read has one wrong bit: a peer that lies.
    bool corrupts_reads = false;
};

/// Pieces as they were written, or of a content by name which of them were. A seed's are the
/// content itself, kept once for all seeds. One thread.
class VirtualDisk {
public:
    VirtualDisk(std::shared_ptr<const TestContent> content, DiskOptions options);

    const DiskOptions& options() const { return options_; }
    const TestContent& content() const { return *content_; }
    /// As if the torrent had been downloaded earlier.
    void fill();
    /// False when the disk is full.
    [[nodiscard]] bool write(PieceIndex piece, Bytes bytes);
    /// Of a content by name; the piece has the right hash.
    [[nodiscard]] bool write(PieceIndex piece);
    /// So many pieces more fit.
    void make_room(std::uint32_t pieces) { options_.capacity_pieces += pieces; }
    bool has(PieceIndex piece) const { return whole_ || written_.test(piece.value); }
    /// What is read is what was written.
    bool reads_right() const { return !options_.corrupts_reads; }
    /// Appends the block, which must have been written, to `out`.
    void read(BlockRef block, Prng& random, std::vector<std::byte>& out) const;
    /// The block is there and right.
    bool intact(BlockRef block) const;
    std::uint32_t writes() const { return writes_; }

private:
    Bytes stored(BlockRef block) const;

    std::shared_ptr<const TestContent> content_;
    DiskOptions options_;
    bool whole_ = false;
    std::uint32_t writes_ = 0;
    Bitfield written_;
    std::vector<std::vector<std::byte>> pieces_;  // of a content in bytes
};

}  // namespace spate::sim
