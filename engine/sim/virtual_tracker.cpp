#include "engine/sim/virtual_tracker.hpp"

#include <algorithm>
#include <vector>

namespace spate::sim {
namespace {

/// When the peer leaves it to the tracker.
constexpr std::int32_t num_want_default = 50;

}  // namespace

tracker::AnnounceResponse VirtualTracker::announce(const tracker::AnnounceRequest& request,
                                                   const IpAddress& from, Prng& random) {
    std::set<Endpoint>& swarm = swarms_[request.info_hash];
    const Endpoint self{from, request.port};
    tracker::AnnounceResponse response;
    response.interval = interval;
    response.min_interval = interval / 4;
    if (request.event == tracker::AnnounceEvent::stopped) {
        swarm.erase(self);
        return response;
    }
    response.peers.assign(swarm.begin(), swarm.end());
    std::erase(response.peers, self);
    random.shuffle(std::span(response.peers));
    const std::int32_t wanted = request.num_want < 0 ? num_want_default : request.num_want;
    response.peers.resize(
        std::min<std::size_t>(response.peers.size(), static_cast<std::size_t>(wanted)));
    swarm.insert(self);
    return response;
}

std::size_t VirtualTracker::peers(const InfoHash& torrent) const {
    const auto found = swarms_.find(torrent);
    return found == swarms_.end() ? 0 : found->second.size();
}

}  // namespace spate::sim
