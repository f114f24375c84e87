#pragma once
// engine/tracker/http_client.hpp: URLs to ask an HTTP tracker, and its answers (BEP 3, 7, 23, 24,
// 31, 48).
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.hpp"
#include "engine/tracker/announce.hpp"

namespace spate::tracker {

/// The largest body that is read: 2,000 plain peers fit several times over.
inline constexpr std::size_t http_response_size_max = 1UL << 20;

/// `tracker_url`, its own query kept, with the announce's parameters appended.
std::string announce_url(std::string_view tracker_url, const AnnounceRequest& request);

/// The scrape URL of an announce URL (BEP 48: the last path segment starts with "announce"), with
/// the hashes appended; empty when the URL doesn't follow the convention.
std::optional<std::string> scrape_url(std::string_view tracker_url, const ScrapeRequest& request);

/// Compact and plain peers, `peers6`, external address, failure reason and retry time. Fields of
/// the wrong type count as absent; peers that can't be dialled are left out.
AnnounceResult parse_announce_response(Bytes body);
ScrapeResult parse_scrape_response(Bytes body);

/// What a second announce of the same request (over the other address family) adds (BEP 7).
void merge_response(AnnounceResponse& into, const AnnounceResponse& other);

}  // namespace spate::tracker
