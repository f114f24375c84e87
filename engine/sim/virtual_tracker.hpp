#pragma once
// engine/sim/virtual_tracker.hpp: the tracker of a simulation.
#include <map>
#include <set>

#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"
#include "engine/tracker/announce.hpp"

namespace spate::sim {

/// Knows who is in which swarm, and names random ones of them. Never fails. One thread.
class VirtualTracker {
public:
    static constexpr const char* url = "http://tracker.test:6969/announce";
    static constexpr Duration interval = 60s;

    tracker::AnnounceResponse announce(const tracker::AnnounceRequest& request,
                                       const IpAddress& from, Prng& random);
    std::size_t peers(const InfoHash& torrent) const;

private:
    std::map<InfoHash, std::set<Endpoint>> swarms_;
};

}  // namespace spate::sim
