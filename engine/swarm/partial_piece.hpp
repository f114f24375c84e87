#pragma once
// engine/swarm/partial_piece.hpp: the blocks of one claimed piece.
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/ids.hpp"

namespace spate::swarm {

/// One piece that this core is getting into one contiguous buffer: which blocks were asked for,
/// which have come and from whom. One thread.
class PartialPiece {
public:
    /// waiting: all blocks are there, but a receive in flight may still touch the buffer.
    /// abandoned: no longer wanted, and waiting likewise.
    enum class Stage : std::uint8_t { receiving, waiting, abandoned, verifying, writing };
    using Sources = std::vector<ConnectionId>;

    PartialPiece(PieceIndex piece, std::uint32_t size_bytes, BufferId buffer);

    PieceIndex piece() const { return piece_; }
    BufferId buffer() const { return buffer_; }
    std::uint32_t size_bytes() const { return size_bytes_; }
    std::uint32_t block_count() const { return static_cast<std::uint32_t>(requests_.size()); }
    BlockRef block(std::uint32_t index) const;
    /// The block's index. Empty when no block of ours looks like that.
    std::optional<std::uint32_t> index_of(BlockRef block) const;

    bool all_received() const { return received_.all(); }
    bool received(std::uint32_t index) const { return received_.test(index); }
    /// Peers of whom the block is asked now.
    unsigned requests(std::uint32_t index) const { return requests_[index]; }
    bool has_unrequested() const { return unrequested_ > 0; }
    /// The first block nobody was asked for.
    std::optional<std::uint32_t> first_unrequested() const;

    void on_requested(std::uint32_t index);
    void on_request_gone(std::uint32_t index);
    /// False when it had come before.
    bool on_received(std::uint32_t index, ConnectionId from);

    /// By block, who sent it: whom to blame for a piece that fails its hash.
    const Sources& sources() const { return sources_; }

    Stage stage = Stage::receiving;

private:
    bool unrequested(std::uint32_t index) const {
        return requests_[index] == 0 && !received_.test(index);
    }

    PieceIndex piece_;
    BufferId buffer_;
    std::uint32_t size_bytes_;
    std::uint32_t unrequested_;
    std::uint32_t scan_from_ = 0;  // no unrequested block before this one
    std::vector<std::uint8_t> requests_;
    Bitfield received_;
    Sources sources_;
};

}  // namespace spate::swarm
