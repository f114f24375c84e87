#pragma once
// engine/swarm/super_seeding.hpp: the first seed of a torrent gives each piece away once (BEP 16).
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"

namespace spate::swarm {

/// A super-seed says that it has nothing, and then tells each peer of one piece at a time. The next
/// comes when another peer has got that piece, so it was passed on. All pieces are told of once
/// before any is told of twice. One core's peers of one torrent; one thread.
class SuperSeeding {
public:
    SuperSeeding(std::uint32_t piece_count, Prng& random);

    /// The piece to tell the peer of next; empty when it has or knows all.
    std::optional<PieceIndex> next_for(ConnectionId peer, const Bitfield& peer_has);
    /// The peer has got a piece. Yields who is to be told of another: those who know that piece
    /// and have thereby passed it on; the peer itself when nobody else is here to get it.
    std::vector<ConnectionId> on_have(ConnectionId from, PieceIndex piece);
    void on_left(ConnectionId peer) { current_.erase(peer); }
    /// The peer was told of the piece: it may ask for it.
    bool told(ConnectionId peer) const { return current_.contains(peer); }

private:
    std::vector<PieceIndex> order_;  // random
    std::size_t next_ = 0;
    std::unordered_map<ConnectionId, PieceIndex> current_;
};

}  // namespace spate::swarm
