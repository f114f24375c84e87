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

/// Rarest first with random ties, a list sorted once a `staleness` from the shared counters; until
/// the first few pieces are stored the order is random, so that a newcomer soon has something to
/// trade (BEP 3). One core; nothing here is shared.
class PieceOrder {
public:
    static constexpr Duration staleness = 1s;
    static constexpr std::uint32_t random_first_pieces = 4;

    /// The first missing piece, in this order, that the peer has.
    std::optional<PieceIndex> first_missing(const Bitfield& peer_has, const PieceTable& pieces,
                                            const Availability& availability, Prng& random,
                                            Time now);

private:
    void rebuild(const PieceTable& pieces, const Availability& availability, Prng& random);

    std::vector<std::uint32_t> order_;
    std::size_t head_ = 0;  // everything before is no longer missing
    std::optional<Time> built_at_;
};

}  // namespace spate::swarm
