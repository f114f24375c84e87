#pragma once
// engine/driver/tracker/leg_context.hpp: what the announces of one thread share.
#include <string>
#include <unordered_map>

#include "engine/base/prng.hpp"
#include "engine/driver/tracker/dns_resolver.hpp"
#include "engine/driver/tracker/http_fetcher.hpp"
#include "engine/tracker/reach.hpp"
#include "engine/tracker/udp_client.hpp"

namespace spate::driver {

/// Addresses of one family tried one after the other.
inline constexpr std::size_t addresses_tried_max = 3;
/// UDP connection ids kept; they live for a minute.
inline constexpr std::size_t udp_connections_max = 1'024;

/// Connection ids of UDP trackers, for the next announce to each. One thread.
class UdpConnections {
public:
    std::optional<tracker::UdpConnection> find(const Endpoint& at, Time now) const {
        const auto entry = connections_.find(at);
        if (entry == connections_.end() || !entry->second.valid(now)) return std::nullopt;
        return entry->second;
    }

    void keep(const Endpoint& at, const std::optional<tracker::UdpConnection>& connection,
              Time now) {
        if (!connection) {
            connections_.erase(at);
            return;
        }
        if (connections_.size() >= udp_connections_max)
            std::erase_if(connections_,
                          [&](const auto& entry) { return !entry.second.valid(now); });
        if (connections_.size() < udp_connections_max) connections_[at] = *connection;
    }

private:
    std::unordered_map<Endpoint, tracker::UdpConnection> connections_;
};

/// Owned by the thread's worker; outlives every leg.
struct LegContext {
    HttpFetcher& fetcher;
    DnsResolver& resolver;
    UdpConnections& udp_connections;
    Prng& prng;
};

/// Of the peers that a tracker at this address told, those that it may send us to.
inline void keep_reachable(tracker::TrackerResponse& response, const IpAddress& told_by) {
    auto* const announced = std::get_if<tracker::AnnounceResponse>(&response);
    if (announced == nullptr) return;
    std::erase_if(announced->peers, [&](const Endpoint& peer) {
        return !tracker::may_call(peer, std::span(&told_by, 1));
    });
}

inline tracker::TrackerFailure failure(tracker::TrackerFailureKind kind, std::string sentence) {
    return {kind, std::move(sentence), std::nullopt};
}

}  // namespace spate::driver
