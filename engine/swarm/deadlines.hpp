#pragma once
// engine/swarm/deadlines.hpp: the pieces of one picker that are to be there by a certain time.
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"

namespace spate::swarm {

/// Pieces with a deadline, what was asked for of them, and how soon the peers deliver: so that an
/// urgent block goes to a peer that will be in time, and to a faster one when it would be late.
/// Times are estimates: what is queued at a peer over its rate. One thread.
class Deadlines {
public:
    static constexpr std::size_t pieces_max = 1'024;
    /// Peers whose speed is kept; more are taken for none of the soonest.
    static constexpr std::size_t peers_max = 512;
    /// A speed that wasn't heard of for so long is forgotten.
    static constexpr Duration speed_validity = 5s;
    /// A peer of unknown rate is taken to deliver so soon.
    static constexpr Duration newcomer_delay = 1s;
    /// So long before its deadline a block may be asked of anybody.
    static constexpr Duration margin = 2s;
    /// A second peer has to be sooner than the first by this.
    static constexpr Duration gain_min = 500ms;
    /// Blocks are asked of a second peer at most so often, and once more for each
    /// `asks_per_duplicate` blocks that are urgent.
    static constexpr std::uint64_t duplicates_spare = 16;
    static constexpr std::uint64_t asks_per_duplicate = 4;

    using Due = std::pair<Time, PieceIndex>;
    struct Entry {
        Time due;
        PieceIndex piece;
        bool in_order = false;         // begun before all that come later; others rarest first
        std::vector<Time> expected{};  // by block, as far as any was asked for as urgent
        /// No time for the block is known: it was asked for before it was urgent.
        static constexpr Time unknown{};
    };

    explicit Deadlines(std::uint32_t piece_count) : urgent_(piece_count) {}

    /// These and no others, earliest first; the first pieces_max of them. The first `in_order` are
    /// begun in this order.
    void replace(std::span<const Due> dues, std::size_t in_order);
    bool has(PieceIndex piece) const { return urgent_.test(piece.value); }
    /// Earliest first.
    std::vector<Entry>& entries() { return entries_; }

    /// What this peer, asked for `queued_bytes` already, takes to deliver a further block.
    static Duration delay(std::uint64_t queued_bytes, std::uint64_t rate_bytes_per_s);
    /// This peer would deliver a block after so long.
    void note_speed(ConnectionId peer, Duration delay, Time now);

    /// The piece may wait for a sooner peer than this one, which would deliver at `arrival`.
    bool leaves_to_sooner(const Entry& entry, ConnectionId peer, Time arrival, Time now);
    void note_asked(Entry& entry, std::uint32_t block, Time arrival);
    /// The block, which somebody was asked for, would be late, and this arrival is sooner.
    bool wants_second(const Entry& entry, std::uint32_t block, Time arrival, Time now) const;
    void note_second(Entry& entry, std::uint32_t block, Time arrival);

private:
    struct Speed {
        Duration delay{};
        Time noted_at{};
    };

    struct Ranked {
        ConnectionId peer;
        Duration delay = Duration::max();
    };

    void rank(const Ranked& peer);
    /// The least delay of another peer than this one.
    Duration soonest_but(ConnectionId peer, Time now);

    std::vector<Entry> entries_;
    Bitfield urgent_;
    std::unordered_map<ConnectionId, Speed> speeds_;
    std::uint64_t asks_ = 0;
    std::uint64_t duplicates_ = 0;
    Ranked best_{};  // as of ranked_at_, and what was noted since
    Ranked second_{};
    Time ranked_at_{};
};

}  // namespace spate::swarm
