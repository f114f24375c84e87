#pragma once
// engine/swarm/reject_backoff.hpp: what a peer refuses though it has unchoked us.
#include <cstdint>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"

namespace spate::swarm {

/// A peer may reject requests for a while (its disk is busy, it super-seeds) or for ever. A piece
/// it rejected is asked of it again after a delay that doubles with each reject. One that rejects
/// many pieces, or rejects on and on without a block between, is asked nothing at all for such a
/// delay. One a connection, one thread.
class RejectBackoff {
public:
    static constexpr std::size_t pieces_max = 16;
    static constexpr std::uint32_t streak_max = 64;
    static constexpr Duration delay_min = 5s;
    static constexpr Duration delay_max = 5min;

    /// A request was rejected while the peer had us unchoked.
    void on_reject(PieceIndex piece, Time now);
    void on_block(PieceIndex piece);

    /// The piece isn't to be asked of this peer now.
    bool refuses(PieceIndex piece, Time now) const;
    /// Nothing is to be asked of this peer now.
    bool rests(Time now) const { return now < rests_until_; }

private:
    struct Refused {
        PieceIndex piece;
        Time until;
        std::uint32_t times = 0;
    };
    static Duration delay(std::uint32_t times);
    void rest(Time now);

    std::vector<Refused> refused_;  // at most pieces_max
    std::uint32_t streak_ = 0;      // rejects since the last block
    std::uint32_t rests_ = 0;       // in a row
    Time rests_until_{};
};

}  // namespace spate::swarm
