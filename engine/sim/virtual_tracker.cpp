#include "engine/sim/virtual_tracker.hpp"

#include <algorithm>

namespace spate::sim {
namespace {

/// When the peer leaves it to the tracker.
constexpr std::int32_t num_want_default = 50;

}  // namespace

void VirtualTracker::remove(Swarm& swarm, const Endpoint& peer) {
    const auto found = swarm.places.find(peer);
    if (found == swarm.places.end()) return;
    const std::size_t place = found->second;
    swarm.places.erase(found);
    if (place + 1 < swarm.peers.size()) {
        swarm.peers[place] = swarm.peers.back();
        swarm.places[swarm.peers[place]] = place;
    }
    swarm.peers.pop_back();
}

tracker::AnnounceResult VirtualTracker::announce(const tracker::AnnounceRequest& request,
                                                 const IpAddress& from, Prng& random) {
    if (down_)
        return std::unexpected(
            tracker::TrackerFailure{.sentence = "the tracker is down", .retry_in = std::nullopt});
    Swarm& swarm = swarms_[request.info_hash];
    const Endpoint self{from, request.port};
    tracker::AnnounceResponse response;
    response.interval = interval;
    response.min_interval = interval / 4;
    remove(swarm, self);
    if (request.event == tracker::AnnounceEvent::stopped) return response;
    const std::size_t wanted = std::min(
        swarm.peers.size(),
        static_cast<std::size_t>(request.num_want < 0 ? num_want_default : request.num_want));
    // A shuffle that stops when there are enough. The order in which peers stand means nothing.
    for (std::size_t i = 0; i < wanted; ++i) {
        const std::size_t other = i + random.below(swarm.peers.size() - i);
        std::swap(swarm.peers[i], swarm.peers[other]);
        swarm.places[swarm.peers[i]] = i;
        swarm.places[swarm.peers[other]] = other;
        response.peers.push_back(swarm.peers[i]);
    }
    swarm.places[self] = swarm.peers.size();
    swarm.peers.push_back(self);
    return response;
}

std::size_t VirtualTracker::peers(const InfoHash& torrent) const {
    const auto found = swarms_.find(torrent);
    return found == swarms_.end() ? 0 : found->second.peers.size();
}

}  // namespace spate::sim
