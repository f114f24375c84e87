#pragma once
// engine/swarm/partial_piece.hpp: the blocks of one claimed piece.
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"

namespace spate::swarm {

/// One piece that this core is getting into one contiguous buffer: which blocks were asked for,
/// which have come and from whom. One thread.
///
/// A block is contested when two peers could write to its place: it was asked of both at once, or a
/// receive in flight may still touch it. Then its source isn't certainly who wrote it.
class PartialPiece {
public:
    /// waiting: all blocks are there, but a receive in flight may still touch the buffer.
    /// abandoned: no longer wanted, and waiting likewise.
    enum class Stage : std::uint8_t { receiving, waiting, abandoned, verifying, writing };
    using Sources = std::vector<ConnectionId>;
    /// Another than the block's source that may have written to it.
    struct Sharer {
        std::uint32_t index = 0;
        ConnectionId peer;
    };

    PartialPiece(PieceIndex piece, std::uint32_t size_bytes, BufferId buffer);

    /// As if made anew, with the memory of the old one.
    void reset(PieceIndex piece, std::uint32_t size_bytes, BufferId buffer);
    /// It failed its hash: the whole piece again, from one peer at a time.
    void restart();

    PieceIndex piece() const { return piece_; }
    BufferId buffer() const { return buffer_; }
    std::uint32_t size_bytes() const { return size_bytes_; }
    std::uint32_t block_count() const { return static_cast<std::uint32_t>(blocks_.size()); }
    BlockRef block(std::uint32_t index) const;
    /// The block's index. Empty when no block of ours looks like that.
    std::optional<std::uint32_t> index_of(BlockRef block) const;

    bool all_received() const { return received_.all(); }
    bool received(std::uint32_t index) const { return received_.test(index); }
    /// Peers of whom the block is asked now.
    unsigned requests(std::uint32_t index) const { return blocks_[index].requests; }
    bool contested(std::uint32_t index) const { return blocks_[index].contested; }
    /// It may be asked of one more peer while it is asked of some.
    bool may_be_shared(std::uint32_t index) const { return !retry_ && !blocks_[index].alone; }
    bool has_unrequested() const { return unrequested_ > 0; }
    /// The first block nobody was asked for.
    std::optional<std::uint32_t> first_unrequested() const;

    /// `alone`: nobody else is to be asked for it meanwhile.
    void on_requested(std::uint32_t index, ConnectionId peer, bool alone = false);
    void on_request_gone(std::uint32_t index, ConnectionId peer, bool may_still_write = false);
    /// False when it had come before.
    bool on_received(std::uint32_t index, ConnectionId from);

    /// The piece failed before, so one peer at a time sends it: this peer may be asked.
    bool open_to(ConnectionId peer) const { return !retry_ || !owner_ || *owner_ == peer; }
    /// Such a peer has been found.
    bool owned() const { return owner_.has_value(); }

    /// By block, who sent it: whom to blame for a piece that fails its hash.
    const Sources& sources() const { return sources_; }
    const std::vector<Sharer>& sharers() const { return sharers_; }

    Stage stage = Stage::receiving;
    Time all_requested_at{};  // when the last block was asked for

private:
    struct Block {
        std::uint8_t requests = 0;
        bool contested = false;
        bool alone = false;
    };

    bool unrequested(std::uint32_t index) const {
        return blocks_[index].requests == 0 && !received_.test(index);
    }
    void contest(std::uint32_t index, ConnectionId peer);

    PieceIndex piece_;
    BufferId buffer_;
    std::uint32_t size_bytes_ = 0;
    std::uint32_t unrequested_ = 0;
    std::uint32_t scan_from_ = 0;  // no unrequested block before this one
    bool retry_ = false;
    std::optional<ConnectionId> owner_;  // of a retry: whom it is asked of
    std::uint32_t owner_requests_ = 0;
    std::vector<Block> blocks_;
    Bitfield received_;
    Sources sources_;
    std::vector<Sharer> sharers_;
};

}  // namespace spate::swarm
