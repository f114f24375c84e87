#pragma once
// engine/swarm/picker.hpp: which blocks to ask of a peer next.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/base/payload_buffers.hpp"
#include "engine/base/prng.hpp"
#include "engine/base/time.hpp"
#include "engine/swarm/availability.hpp"
#include "engine/swarm/partial_piece.hpp"
#include "engine/swarm/piece_buffers.hpp"
#include "engine/swarm/piece_order.hpp"
#include "engine/swarm/piece_table.hpp"
#include "engine/swarm/request_window.hpp"

namespace spate::swarm {

/// One core's claims on one torrent. Started pieces are finished first, then the rarest missing
/// piece is claimed. In the endgame, when nothing is missing any more and some patience has run
/// out, blocks are asked of a second peer, and pieces of another core claimed a second time. One
/// thread; the piece table and the availability are shared.
class Picker {
public:
    /// A block may be asked of so many peers in the endgame.
    static constexpr unsigned endgame_requests_max = 3;
    /// Nothing is asked for twice in the first moments of the endgame, which for a fast swarm are
    /// all.
    static constexpr Duration endgame_patience = 250ms;

    using PieceSize = std::function<std::uint32_t(PieceIndex)>;  // in bytes
    struct Pick {
        BlockRef block;
        BlockSlot slot;
    };
    enum class Received : std::uint8_t { accepted, completes_piece, duplicate };

    Picker(CoreIndex core, PieceSize piece_size, PieceTable& pieces,
           const Availability& availability, PieceBuffers& buffers);
    Picker(const Picker&) = delete;
    Picker& operator=(const Picker&) = delete;
    ~Picker();

    /// Appends up to `count` blocks that the peer has; they count as requested.
    void pick(const Bitfield& peer_has, const RequestWindow& window, std::uint32_t count,
              Prng& random, Time now, std::vector<Pick>& out);
    /// A request was cancelled, rejected or lost with its peer.
    void on_request_gone(BlockRef block);
    Received on_block(BlockRef block, ConnectionId from);
    /// Peers of whom the block is asked now; 0 for a piece that isn't in the making.
    unsigned requests(BlockRef block) const;

    /// The piece in the making; nullptr when this core has no claim on it.
    PartialPiece* find(PieceIndex piece);
    /// Failed its hash, was written, or another core was first: claim and buffer are given back.
    /// The buffer must not be pinned.
    void drop(PieceIndex piece);
    const auto& partials() const { return partials_; }

private:
    void pick_from(PartialPiece& partial, std::uint32_t wanted, std::vector<Pick>& out);
    PartialPiece* start(PieceIndex piece);
    PartialPiece* claim_rarest(const Bitfield& peer_has, Prng& random, Time now);
    PartialPiece* claim_of_another_core(const Bitfield& peer_has);
    void pick_endgame(const Bitfield& peer_has, const RequestWindow& window, std::uint32_t wanted,
                      std::vector<Pick>& out);

    const CoreIndex core_;
    const PieceSize size_of_;
    PieceTable& pieces_;
    const Availability& availability_;
    PieceBuffers& buffers_;
    PieceOrder order_;
    std::optional<Time> endgame_since_;
    std::unordered_map<PieceIndex, std::unique_ptr<PartialPiece>> partials_;
    std::vector<PartialPiece*> open_;  // partials that may have unrequested blocks, oldest first
};

}  // namespace spate::swarm
