#pragma once
// engine/tracker/announce.hpp: what a peer tells a tracker and hears back, whatever the transport.
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"

namespace spate::tracker {

enum class AnnounceEvent : std::uint8_t { none, started, completed, stopped };

/// BEP 3, "Trackers". Counters in bytes since `started`.
struct AnnounceRequest {
    InfoHash info_hash;
    PeerId peer_id;
    std::uint16_t port = 0;
    std::uint64_t uploaded = 0;
    std::uint64_t downloaded = 0;
    std::uint64_t left = 0;
    AnnounceEvent event = AnnounceEvent::none;
    /// Tells the tracker that we are the same peer after a change of address.
    std::uint32_t key = 0;
    /// Peers wanted; negative leaves it to the tracker.
    std::int32_t num_want = -1;
    /// Our address, only when the user named it: trackers take the one that they see.
    std::optional<IpAddress> ip;
    /// As the tracker handed it out, returned verbatim.
    std::string tracker_id;
};

struct AnnounceResponse {
    /// When to announce again; clamped (announce_interval_min, announce_interval_max).
    Duration interval{};
    /// Never announce sooner than this; zero when the tracker didn't say.
    Duration min_interval{};
    std::vector<Endpoint> peers;
    std::optional<std::uint32_t> seeders;
    std::optional<std::uint32_t> leechers;
    std::string tracker_id;
    std::string warning;
    /// Our address as the tracker sees it (BEP 24).
    std::optional<IpAddress> external_ip;
};

/// BEP 48: one torrent's counts.
struct ScrapeCounts {
    std::uint32_t seeders = 0;
    std::uint32_t completed = 0;
    std::uint32_t leechers = 0;
    bool operator==(const ScrapeCounts&) const = default;
};

struct ScrapeEntry {
    InfoHash info_hash;
    ScrapeCounts counts;
    bool operator==(const ScrapeEntry&) const = default;
};

struct ScrapeRequest {
    std::vector<InfoHash> info_hashes;
};

struct ScrapeResponse {
    std::vector<ScrapeEntry> torrents;
};

enum class TrackerFailureKind : std::uint8_t {
    refused,             ///< the tracker's own "failure reason"
    malformed,           ///< the answer isn't one
    bad_url,             ///< not an http, https or udp URL that we can use
    unreachable,         ///< name not found, connection refused, TLS not trusted
    timed_out,           ///< no answer within the limit
    http_status,         ///< an HTTP status other than 200
    too_large,           ///< the answer exceeds its limit
    redirect_refused,    ///< too many redirects, or one into a private network
    reach_refused,       ///< a stranger's URL into a private network (reach.hpp)
    scrape_unsupported,  ///< the announce URL doesn't follow the convention of BEP 48
    cancelled,           ///< given up at shutdown
};

struct TrackerFailure {
    TrackerFailureKind kind{};
    /// For the user: what failed and why.
    std::string sentence;
    /// BEP 31: the tracker asks not to be asked before this. Duration::max() means never.
    std::optional<Duration> retry_in;
};

using AnnounceResult = std::expected<AnnounceResponse, TrackerFailure>;
using ScrapeResult = std::expected<ScrapeResponse, TrackerFailure>;

/// What a request can be, and what its answer then is.
using TrackerRequest = std::variant<AnnounceRequest, ScrapeRequest>;
using TrackerResponse = std::variant<AnnounceResponse, ScrapeResponse>;
using TrackerResult = std::expected<TrackerResponse, TrackerFailure>;

/// A tracker may ask for any interval; we stay within these.
inline constexpr Duration announce_interval_min = 10s;
inline constexpr Duration announce_interval_max = 3h;
/// When the tracker says nothing.
inline constexpr Duration announce_interval_default = 30min;
/// Peers taken from one response; the rest is dropped.
inline constexpr std::size_t response_peers_max = 2'000;
/// Torrents in one scrape: what a UDP request can carry (BEP 15).
inline constexpr std::size_t scrape_torrents_max = 74;
/// Text that a tracker sends (failure reason, warning, tracker id) is cut here.
inline constexpr std::size_t tracker_text_size_max = 512;

/// The interval in `seconds` as we will keep it.
Duration clamp_interval(std::int64_t seconds);
/// A tracker's text made safe to print: one line of valid UTF-8, cut, without control characters.
std::string printable_text(std::string_view text);
/// An endpoint that can be dialled at all: a port, and neither unspecified nor multicast.
bool is_dialable(const Endpoint& endpoint);

}  // namespace spate::tracker
