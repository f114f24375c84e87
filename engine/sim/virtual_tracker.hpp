#pragma once
// engine/sim/virtual_tracker.hpp: the tracker of a simulation.
#include <map>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"
#include "engine/tracker/announce.hpp"

namespace spate::sim {

/// Knows who is in which swarm, and names random ones of them. Answers unless it is down. One
/// thread.
class VirtualTracker {
public:
    static constexpr const char* url = "http://tracker.test:6969/announce";
    static constexpr Duration interval = 60s;

    tracker::AnnounceResult announce(const tracker::AnnounceRequest& request, const IpAddress& from,
                                     Prng& random);
    std::size_t peers(const InfoHash& torrent) const;
    void set_down(bool down) { down_ = down; }

private:
    struct Swarm {
        std::vector<Endpoint> peers;
        std::map<Endpoint, std::size_t> places;  // in `peers`
    };
    static void remove(Swarm& swarm, const Endpoint& peer);

    std::map<InfoHash, Swarm> swarms_;
    bool down_ = false;
};

}  // namespace spate::sim
