#pragma once
// engine/swarm/picker.hpp: which blocks to ask of a peer next.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/base/fifo.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/payload_buffers.hpp"
#include "engine/base/prng.hpp"
#include "engine/base/time.hpp"
#include "engine/swarm/availability.hpp"
#include "engine/swarm/deadlines.hpp"
#include "engine/swarm/partial_piece.hpp"
#include "engine/swarm/piece_buffers.hpp"
#include "engine/swarm/piece_order.hpp"
#include "engine/swarm/piece_table.hpp"
#include "engine/swarm/reject_backoff.hpp"
#include "engine/swarm/request_window.hpp"

namespace spate::swarm {

/// What the picker remembers of a peer from call to call; part of its connection.
struct PeerPickState {
    static constexpr std::size_t suggested_max = 8;

    PieceOrder::Cursor cursor;
    RejectBackoff rejects;
    std::vector<PieceIndex> suggested;  // BEP 6, newest last, at most suggested_max
    /// It took part in a contested block of a piece that failed: it shares no block any more, so
    /// that the next false one is certainly its own.
    bool shares_blocks = true;

    void suggest(PieceIndex piece);
};

/// The peer that blocks are picked for.
struct PickPeer {
    ConnectionId id;
    const Bitfield& has;
    const RequestWindow& window;
    PeerPickState& state;
    std::uint64_t rate_bytes_per_s = 0;  // what it gives us
    bool gives = false;                  // it has given us something, and isn't silent
    bool silent = false;                 // it let its requests' time pass
    std::span<const PieceIndex> only{};  // not empty: of these pieces alone (allowed fast)
};

/// One core's claims on one torrent. Started pieces are finished first, then what the peer suggests
/// is claimed, then the first missing piece of the order. Blocks that a slow peer sits on are asked
/// of a fast one too. Before all of these come pieces with a deadline (Deadlines), the earliest
/// first, from peers that will deliver them in time. In the endgame, when nothing is missing any
/// more and some patience has run out, blocks are asked of a second peer, and pieces of another
/// core claimed a second time. One thread; the piece table and the availability are shared.
class Picker {
public:
    /// A block may be asked of so many peers in the endgame; of so many more that give, or a few
    /// that are silent would keep the last blocks from all others. One that was silent shares none.
    static constexpr unsigned endgame_requests_max = 3;
    static constexpr unsigned endgame_givers_max = 3;
    /// Nothing is asked for twice in the first moments of the endgame, which for a fast swarm are
    /// all.
    static constexpr Duration endgame_patience = 250ms;
    /// The last blocks of a piece are late so long after the last of them was asked for; then a
    /// peer that would need a quarter of that is asked too.
    static constexpr Duration steal_after = 10s;
    /// Started pieces that one call looks at. Other calls look at others.
    static constexpr std::size_t open_scan_max = 64;
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

    void set_mode(PieceMode mode) { order_.set_mode(mode); }
    void set_priority(PieceIndex piece, PiecePriority priority) {
        order_.set_priority(piece, priority, pieces_.size());
    }
    /// The pieces are to be there by then, and no others have a deadline: earliest first, at most
    /// Deadlines::pieces_max of them. The first `in_order` are begun in this order, the others
    /// rarest first.
    void set_deadlines(std::span<const Deadlines::Due> dues, std::size_t in_order);

    /// pick() for the peer follows soon, and other work before it: the bits that will be looked at
    /// are on their way from memory meanwhile.
    void fetch_ahead(const Bitfield& has, const PeerPickState& state) const;
    /// Appends up to `count` blocks that the peer has; they count as requested.
    void pick(const PickPeer& peer, std::uint32_t count, Prng& random, Time now,
              std::vector<Pick>& out);
    /// The peer announced the piece.
    void on_have(PeerPickState& state, PieceIndex piece) const {
        order_.rewind(state.cursor, piece);
    }
    /// A request was cancelled, rejected or lost with its peer. `may_still_write`: a receive in
    /// flight may put something there.
    void on_request_gone(BlockRef block, ConnectionId peer, bool may_still_write = false);
    Received on_block(BlockRef block, ConnectionId from);
    /// Peers of whom the block is asked now; 0 for a piece that isn't in the making.
    unsigned requests(BlockRef block) const;
    /// Some started piece has a block that nobody is asked for, and that anybody may be.
    bool has_unrequested() const;

    /// The piece in the making; nullptr when this core has no claim on it.
    PartialPiece* find(PieceIndex piece);
    /// Was written, or another core was first, or nobody wants it: claim and buffer are given
    /// back. The buffer must not be pinned.
    void drop(PieceIndex piece);
    /// Failed its hash: it is got again into the same buffer, from one peer at a time.
    void retry(PieceIndex piece);
    const auto& partials() const { return partials_; }

private:
    /// One call of pick().
    struct Call {
        const PickPeer& peer;
        std::size_t wanted;  // size of `out` to reach
        Prng& random;
        Time now;
        std::vector<Pick>& out;
        std::uint64_t queued_bytes = 0;  // at the peer before this call; only with deadlines
        std::size_t picked_before = 0;   // the size of `out` before this call
        std::uint32_t left() const { return static_cast<std::uint32_t>(wanted - out.size()); }
    };

    /// The piece's number beside it, to look for it without touching it.
    struct Open {
        PieceIndex piece;
        PartialPiece* partial;
    };
    using Full = std::pair<Time, PieceIndex>;
    using Returned = std::pair<PieceIndex, std::uint32_t>;

    bool is_settled(const Full& full);
    static bool may_ask(const Call& call, PieceIndex piece);
    void open(PartialPiece& partial);
    void take(Call& call, PartialPiece& partial, std::uint32_t index);
    void pick_from(Call& call, PartialPiece& partial);
    void begin(Call& call, PartialPiece& partial);
    bool pick_piece(Call& call, PieceIndex piece);
    void note_all_requested(Call& call, PartialPiece& partial);
    void pick_urgent(Call& call);
    void pick_urgent_piece(Call& call, Deadlines::Entry& entry);
    void ask_second(Call& call, Deadlines::Entry& entry, PartialPiece& partial);
    Time arrival(const Call& call) const;
    bool is_left_to_sooner(const Call& call, const Deadlines::Entry& entry) const;
    void pick_open(Call& call);
    void pick_new(Call& call);
    void pick_late(Call& call);
    void pick_endgame(Call& call);
    void share_blocks(Call& call, PartialPiece& partial, unsigned requests_max);
    PartialPiece* start(PieceIndex piece);
    PartialPiece* claim_next(Call& call);
    PartialPiece* claim_returned(Call& call);
    PartialPiece* claim_of_another_core(const Call& call);

    static constexpr std::size_t returned_max = 64;

    const CoreIndex core_;
    const PieceSize size_of_;
    PieceTable& pieces_;
    const Availability& availability_;
    PieceBuffers& buffers_;
    PieceOrder order_;
    std::optional<Time> endgame_since_;
    using Partials = std::unordered_map<PieceIndex, std::unique_ptr<PartialPiece>>;
    Partials partials_;
    std::vector<Partials::node_type> spare_;  // their memory is used again
    std::vector<Open> open_;  // partials that may have unrequested blocks, oldest first
    Fifo<Full> full_;         // wholly asked for, when; the longest ago first; some are settled
    std::vector<Returned>
        returned_;  // given up in that generation of the order, which may not name them
    std::vector<BlockRef> pending_;          // scratch
    std::unique_ptr<Deadlines> deadlines_;   // none: no piece ever had one
    std::vector<Deadlines::Entry*> choice_;  // scratch
};

}  // namespace spate::swarm
