#pragma once
// engine/swarm/piece_order.hpp: the order in which one core tries missing pieces.
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"
#include "engine/base/time.hpp"
#include "engine/swarm/availability.hpp"
#include "engine/swarm/piece_table.hpp"

namespace spate::swarm {

enum class PieceMode : std::uint8_t {
    rarest_first,
    random,
    in_order,  // for streaming, and to show what it costs a swarm
};

enum class PiecePriority : std::uint8_t { high, normal, low };

/// Missing pieces by priority and then rarity, ties in random order. The list is made anew every
/// `renewal` from the shared counters, a few pieces with each call, while the one before serves;
/// so what it says is at most `staleness` old as long as it is asked. Until the first few pieces
/// are stored the order is random, so that a newcomer soon has something to trade (BEP 3). A peer's
/// Cursor says how far down the list nothing is left for it, so that walking the list costs each
/// peer one walk a renewal at most. One core; nothing here is shared.
class PieceOrder {
public:
    static constexpr Duration renewal = 500ms;
    static constexpr Duration staleness = 2 * renewal;
    static constexpr std::uint32_t random_first_pieces = 4;

    /// Where a peer has got to in a list; kept for it by its connection.
    struct Cursor {
        std::uint32_t generation = 0;
        std::uint32_t position = 0;
    };

    void set_mode(PieceMode mode);
    void set_priority(PieceIndex piece, PiecePriority priority, std::uint32_t piece_count);

    /// Some of the work that a list in the making is behind with. Once for each call that may look
    /// for a piece, so that none of them pays for all.
    void tend(const PieceTable& pieces, const Availability& availability, Prng& random, Time now) {
        if (pieces.missing_count() > 0) renew(pieces, availability, random, now);
    }
    /// first_missing() follows soon: the bits of the first `count` pieces it would look at are on
    /// their way from memory.
    void prefetch(const Bitfield& peer_has, const Cursor& cursor, std::size_t count) const;
    /// The first missing piece from the cursor on that the peer has; the cursor stays at it.
    std::optional<PieceIndex> first_missing(const Bitfield& peer_has, Cursor& cursor,
                                            const PieceTable& pieces,
                                            const Availability& availability, Prng& random,
                                            Time now);
    /// Past the piece at the cursor, until the list is renewed.
    void skip(Cursor& cursor) const { ++cursor.position; }
    /// The peer has got the piece: its cursor goes back to it.
    void rewind(Cursor& cursor, PieceIndex piece) const;
    /// Of the list that serves now.
    std::uint32_t generation() const { return generation_; }

private:
    /// Pieces in order, those that aren't missing after all others.
    struct List {
        std::vector<std::uint32_t> order;
        std::vector<std::uint32_t> positions;  // by piece, in `order`
        std::uint32_t size = 0;                // of the missing ones
    };
    /// A list in the making: pieces are counted by key, then placed.
    struct Build {
        Time begun_at{};
        std::uint32_t done = 0;             // of 2 * pieces steps
        std::uint32_t rotation = 0;         // of the random order of equals
        std::vector<std::uint32_t> starts;  // by key: how many, then where the next goes
        List list;  // the positions of pieces that aren't placed yet are their keys
    };

    void renew(const PieceTable& pieces, const Availability& availability, Prng& random, Time now);
    void begin(const PieceTable& pieces, Prng& random, Time now);
    void advance(std::uint32_t steps, const PieceTable& pieces, const Availability& availability);
    void count(std::uint32_t piece, const PieceTable& pieces, const Availability& availability,
               bool random_order);
    void sum_up();
    std::uint32_t placed_at(std::uint32_t step) const;
    void place(std::uint32_t step);
    void publish();
    std::uint32_t key_of(PieceIndex piece, const Availability& availability,
                         bool random_order) const;

    PieceMode mode_ = PieceMode::rarest_first;
    std::vector<PiecePriority> priorities_;   // empty: all normal
    std::vector<std::uint32_t> permutation_;  // fixed, random
    Build build_;
    List list_;
    std::size_t head_ = 0;          // everything before is no longer missing
    std::uint32_t generation_ = 0;  // 0: no list yet
};

}  // namespace spate::swarm
