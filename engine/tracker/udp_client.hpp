#pragma once
// engine/tracker/udp_client.hpp: one request to a UDP tracker (BEP 15).
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/prng.hpp"
#include "engine/tracker/announce.hpp"

namespace spate::tracker {

/// BEP 15, "Time outs": the n-th wait is 15 * 2^n seconds. The BEP goes on to n = 8; three
/// transmissions (105 s) are enough before the next tracker is tried.
inline constexpr Duration udp_first_timeout = 15s;
inline constexpr unsigned udp_transmissions_max = 3;
/// BEP 15: a connection id may be used for one minute.
inline constexpr Duration udp_connection_lifetime = 60s;
/// BEP 41: how much of the URL's path and query is passed on.
inline constexpr std::size_t udp_request_string_size_max = 1'024;
/// Space for any datagram a tracker may send.
inline constexpr std::size_t udp_datagram_size_max = 65'536;

/// The first field of a connect request.
inline constexpr std::uint64_t udp_protocol_id = 0x41727101980;

enum class UdpAction : std::uint32_t { connect = 0, announce = 1, scrape = 2, error = 3 };

/// A tracker's leave to send requests, shareable by requests to the same tracker.
struct UdpConnection {
    std::uint64_t id = 0;
    Time obtained_at{};

    bool valid(Time now) const { return now < obtained_at + udp_connection_lifetime; }
};

/// The state machine of one announce or scrape: connect, ask, hear. Datagrams from anyone but the
/// tracker must be kept away by the owner (a connected socket does it); those with a foreign
/// transaction id are ignored here. One thread; times through `now`.
class UdpTrackerRequest {
public:
    struct Options {
        /// Of the tracker's address: decides the size of a peer in the response.
        IpAddress::Family family = IpAddress::Family::v4;
        /// The URL's path and query (BEP 41); empty when there is none.
        std::string request_string{};
        /// From an earlier request to the same tracker.
        std::optional<UdpConnection> connection{};
    };

    UdpTrackerRequest(TrackerRequest request, Options options, Prng prng);

    /// The datagram to send now, if one is due.
    std::optional<std::vector<std::byte>> poll_output(Time now);
    void handle_datagram(Bytes datagram, Time now);
    /// When poll_output() has something to do; empty when the request is finished.
    std::optional<Time> next_timeout() const;

    /// Empty until the request is finished.
    const std::optional<TrackerResult>& result() const { return result_; }
    /// The connection id to keep for other requests to this tracker.
    const std::optional<UdpConnection>& connection() const { return connection_; }

private:
    std::vector<std::byte> connect_datagram() const;
    std::vector<std::byte> request_datagram() const;
    void append_announce(std::vector<std::byte>& out, const AnnounceRequest& announce) const;
    void handle_connect(Bytes body, Time now);
    void handle_announce(Bytes body);
    void handle_scrape(Bytes body);
    void handle_error(Bytes body, Time now);
    void fail(TrackerFailureKind kind, std::string sentence);

    TrackerRequest request_;
    Options options_;
    Prng prng_;
    std::optional<UdpConnection> connection_;
    std::optional<TrackerResult> result_;
    bool connection_is_own_ = false;    // obtained by this request, not borrowed
    bool connecting_ = false;           // the datagram in flight is a connect
    unsigned transmissions_ = 0;        // of the datagram in flight; at most udp_transmissions_max
    std::uint32_t transaction_id_ = 0;  // of the datagram in flight
    Time deadline_{};                   // of the datagram in flight, or when to send the first
};

}  // namespace spate::tracker
