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
/// before any is told of twice. When the swarm has every piece without us it is over: newcomers see
/// a seed, and those that were told of pieces get the next as soon as they have one. One core's
/// peers of one torrent; one thread.
class SuperSeeding {
public:
    SuperSeeding(std::uint32_t piece_count, Prng& random);

    /// The piece to tell the peer of next; empty when it has or knows all.
    std::optional<PieceIndex> next_for(ConnectionId peer, const Bitfield& peer_has);
    /// The peer has got a piece. Yields who is to be told of another: those who know that piece
    /// and have thereby passed it on; the peer itself when no other lacks it, or it is over.
    std::vector<ConnectionId> on_have(ConnectionId from, PieceIndex piece, bool others_lack_it);
    void on_left(ConnectionId peer) { current_.erase(peer); }
    /// The swarm has every piece without us.
    void end() { over_ = true; }
    bool over() const { return over_; }
    /// The peer knows of something that it may ask for.
    bool told(ConnectionId peer) const { return over_ || current_.contains(peer); }
    /// What each peer was told of last.
    const std::unordered_map<ConnectionId, PieceIndex>& current() const { return current_; }

private:
    std::vector<PieceIndex> order_;  // random
    std::size_t next_ = 0;
    std::unordered_map<ConnectionId, PieceIndex> current_;
    bool over_ = false;
};

}  // namespace spate::swarm
