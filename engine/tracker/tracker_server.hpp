#pragma once
// engine/tracker/tracker_server.hpp: a tracker's memory and manners, whatever the transport.
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/tracker/announce.hpp"
#include "engine/tracker/swarm_peers.hpp"

namespace spate::tracker {

enum class AnnounceRefusal : std::uint8_t {
    unknown_torrent,
    too_many_torrents,
    too_many_peers,
    too_many_peers_of_address,
};

/// The "failure reason".
std::string_view describe(AnnounceRefusal refusal);

struct TrackerStatistics {
    std::uint64_t torrents = 0;
    std::uint64_t seeds = 0;
    std::uint64_t leechers = 0;
    std::uint64_t announces = 0;
    std::uint64_t announces_refused = 0;
    std::uint64_t scrapes = 0;
};

/// The swarms of a tracker. A peer is an address and a port; it is forgotten when it hasn't
/// announced for two intervals. IPv4 and IPv6 peers are kept apart: who asks over one hears of
/// peers reachable over it (BEP 7).
///
/// A peer's address is the one that its request came from, for anybody could point a swarm at a
/// victim otherwise. The request's own `ip` counts only when it comes from a loopback address (a
/// client beside the tracker, which others can't reach under the address that the tracker sees)
/// and names a dialable address of the same family. One thread.
class TrackerServer {
public:
    struct Limits {
        std::size_t torrents_max = 100'000;
        std::size_t peers_max = 2'000'000;
        std::size_t peers_per_torrent_max = 200'000;
        /// Over all torrents, of one IPv4 address or one IPv6 /64.
        std::size_t peers_per_address_max = 16'384;
        std::size_t peers_per_response_max = 200;
        std::size_t peers_per_response_default = 50;
    };

    struct Options {
        Duration interval = 30min;
        Duration min_interval = 1min;
        /// Torrents that aren't in `allowed` are refused.
        bool only_allowed = false;
        std::unordered_set<InfoHash> allowed{};
        Limits limits{};
    };

    TrackerServer(Options options, const SipKey& key, Prng prng);

    /// `source` is where the request came from.
    std::expected<AnnounceResponse, AnnounceRefusal> handle_announce(const AnnounceRequest& request,
                                                                     const IpAddress& source,
                                                                     Time now);
    std::optional<ScrapeCounts> counts(const InfoHash& info_hash) const;
    /// One entry for each of the first scrape_torrents_max hashes; unknown torrents have zeros.
    ScrapeResponse handle_scrape(std::span<const InfoHash> info_hashes);

    /// Forgets some of the peers that fell silent; a full round takes a few calls.
    void handle_timeout(Time now);
    std::optional<Time> next_timeout() const;

    /// A further torrent for Options::allowed.
    void allow(const InfoHash& info_hash);

    const TrackerStatistics& statistics() const { return statistics_; }

private:
    struct Swarm {
        SwarmPeers v4;
        SwarmPeers v6;
        std::uint32_t completed = 0;
        std::uint32_t swept_s = 0;

        Swarm(const SipKey& key, std::uint32_t now_s) : v4(key), v6(key), swept_s(now_s) {}
        SwarmPeers& of(IpAddress::Family family) {
            return family == IpAddress::Family::v4 ? v4 : v6;
        }
        std::size_t size() const { return v4.size() + v6.size(); }
    };
    struct KeyedInfoHash {
        SipKey key;
        std::size_t operator()(const InfoHash& hash) const { return siphash(key, hash.bytes); }
    };
    struct KeyedAddressHash {
        SipKey key;
        std::size_t operator()(const IpAddress& address) const {
            return siphash(key, address.bytes());
        }
    };
    using Swarms = std::unordered_map<InfoHash, Swarm, KeyedInfoHash>;

    std::optional<AnnounceRefusal> store(Swarm& swarm, const AnnounceRequest& request,
                                         const Endpoint& peer, std::uint32_t now_s);
    void remove(Swarm& swarm, const Endpoint& peer);
    void forget_address(const IpAddress& address);
    void sweep(Swarm& swarm, std::uint32_t now_s);
    std::uint32_t oldest_s(std::uint32_t now_s) const;
    AnnounceResponse answer(Swarm& swarm, const AnnounceRequest& request, const Endpoint& peer,
                            std::uint32_t now_s);
    std::size_t peers_wanted(const AnnounceRequest& request) const;
    void recount(const Swarm& swarm, std::int64_t sign);

    Options options_;
    SipKey key_;
    Prng prng_;
    Swarms swarms_;
    std::unordered_map<IpAddress, std::uint32_t, KeyedAddressHash> peers_of_address_;
    TrackerStatistics statistics_;
    std::size_t sweep_bucket_ = 0;
    Time next_sweep_{};
};

}  // namespace spate::tracker
