#pragma once
// engine/swarm/smart_ban.hpp: who sent the false block of a piece that came from several peers.
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"

namespace spate::swarm {

/// Remembers digests of the blocks of pieces that failed their hash, until the piece has been got
/// again and verified: whose block differs from the true one has lied. The digest must be keyed, so
/// that nobody can make a false block that passes for the true one. A contested block (see
/// PartialPiece) convicts nobody. One torrent, one core, one thread.
class SmartBan {
public:
    /// Failed pieces that are remembered; the lowest make room.
    static constexpr std::size_t pieces_max = 64;
    /// Attempts of one piece that are remembered, the newest.
    static constexpr std::size_t attempts_max = 4;

    /// A peer that may be gone by the time it is convicted.
    struct Source {
        ConnectionId connection;
        Endpoint remote;
        PeerId id;
        bool operator==(const Source&) const = default;
    };
    struct Block {
        std::uint64_t digest = 0;
        std::uint32_t source = 0;  // index into the attempt's sources
        bool contested = false;
    };
    struct Attempt {
        std::vector<Source> sources;
        std::vector<Block> blocks;
    };

    void on_failed(PieceIndex piece, Attempt attempt);
    bool remembers(PieceIndex piece) const { return failed_.contains(piece); }
    /// The piece is true, and these are its blocks' digests. The liars of all attempts, each once;
    /// the piece is forgotten.
    std::vector<Source> on_verified(PieceIndex piece, std::span<const std::uint64_t> digests);
    void forget(PieceIndex piece) { failed_.erase(piece); }
    std::size_t size() const { return failed_.size(); }

private:
    std::map<PieceIndex, std::vector<Attempt>> failed_;
};

}  // namespace spate::swarm
