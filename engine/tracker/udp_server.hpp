#pragma once
// engine/tracker/udp_server.hpp: the server's side of BEP 15.
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/siphash.hpp"
#include "engine/tracker/tracker_server.hpp"

namespace spate::tracker {

/// An answer fits an IPv6 path of any kind: 1,280 bytes less 48 of headers.
inline constexpr std::size_t udp_response_size_max = 1'232;

/// Answers datagrams for a TrackerServer that it doesn't own. Holds nothing of its clients: a
/// connection id is a keyed hash of the client's address and the minute, good in that minute and
/// the next. No answer is longer than its request unless the request carried such an id, so that
/// forged source addresses gain nothing. One thread.
class UdpTrackerServer {
public:
    UdpTrackerServer(TrackerServer& server, const SipKey& key) : server_(server), key_(key) {}

    /// The answer goes to `out`, replaced; false when there is none.
    [[nodiscard]] bool handle_datagram(Bytes datagram, const Endpoint& from, Time now,
                                       std::vector<std::byte>& out);

private:
    std::uint64_t connection_id(const IpAddress& address, std::uint64_t minute) const;
    bool is_connection_id(std::uint64_t id, const IpAddress& address, Time now) const;
    bool answer_announce(Bytes body, std::uint32_t transaction_id, const IpAddress& from, Time now,
                         std::vector<std::byte>& out);
    bool answer_scrape(Bytes body, std::uint32_t transaction_id, std::vector<std::byte>& out);

    TrackerServer& server_;
    SipKey key_;
};

}  // namespace spate::tracker
