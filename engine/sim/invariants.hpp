#pragma once
// engine/sim/invariants.hpp: what must hold in a node after every event.
#include <cstdint>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/ids.hpp"
#include "engine/session/output.hpp"
#include "engine/session/session.hpp"

namespace spate::sim {

class SimNode;

/// Looks at a node's sessions from outside. Broken: availability that isn't the sum of the
/// connected peers' bitfields; a piece claimed twice while others are missing; a stored piece that
/// the disk hasn't; more connections, requests, uploads or buffers than their limits; more peers
/// unchoked than there are slots; counts that don't match what they count; a send of a piece that
/// isn't stored and right. One a node.
class Invariants {
public:
    /// The slow checks are made at one event in so many.
    static constexpr std::uint64_t thorough_every = 64;

    /// `every_event`: it is called after each of the node's events, so that states that follow one
    /// another can be compared.
    void check(SimNode& node, bool every_event);
    void check_send(SimNode& node, const session::SendPlan& plan);

private:
    /// A peer as the availability was last seen to count it.
    struct Counted {
        CoreIndex core;
        ConnectionId connection;
        Bitfield has;
        bool seed = false;
    };
    struct Watched {  // a torrent
        std::vector<Counted> peers;
        std::vector<std::uint32_t> counts;  // by piece
        std::uint32_t seeds = 0;
        Bitfield stored;
        std::vector<unsigned> claims;
        bool was_missing = true;  // some piece was, after the event before
    };

    void check_torrent(SimNode& node, std::size_t torrent);
    void count_peers(SimNode& node, std::size_t torrent, Watched& watched);
    void replace(Watched& watched, std::size_t at, const Counted& now);
    void count(Watched& watched, const Counted& peer, std::uint32_t change);
    void check_availability(SimNode& node, std::size_t torrent, const Watched& watched);
    void check_pieces(SimNode& node, std::size_t torrent, Watched& watched);
    void check_connection(SimNode& node, const session::Connection& connection);
    void check_core(SimNode& node, const session::Session& session);
    void check_requests(SimNode& node, const session::Torrent& torrent);

    std::vector<Watched> watched_;  // by TorrentId
    std::uint64_t events_ = 0;
    bool every_event_ = true;
};

}  // namespace spate::sim
