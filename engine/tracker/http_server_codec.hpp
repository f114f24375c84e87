#pragma once
// engine/tracker/http_server_codec.hpp: what an HTTP tracker is asked, and how it answers (BEP 3,
// 7, 23, 48; RFC 9112).
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/tracker/announce.hpp"
#include "engine/tracker/tracker_server.hpp"

namespace spate::tracker {

/// Request line and headers together.
inline constexpr std::size_t http_request_head_size_max = 8'192;
/// Received but not yet answered bytes of a connection: a head and a bit of the next.
inline constexpr std::size_t http_request_buffer_max = 2 * http_request_head_size_max;

struct HttpAnnounce {
    AnnounceRequest request;
    /// Six or eighteen bytes a peer (BEP 23, 7), as everybody wants it; a list with `compact=0`.
    bool compact = true;
};
struct HttpScrape {
    std::vector<InfoHash> info_hashes;
};
/// The page for people.
struct HttpStatistics {};
/// Parameters that make no sense: answered with a "failure reason".
struct HttpRefusal {
    std::string_view reason;
};
/// Not one of our pages, or not HTTP as we speak it.
struct HttpFault {
    unsigned status = 400;
};
using HttpRoute = std::variant<HttpAnnounce, HttpScrape, HttpStatistics, HttpRefusal, HttpFault>;

struct HttpRequest {
    HttpRoute route;
    /// HEAD: headers without the body.
    bool head_only = false;
    bool keep_alive = false;
};

/// Cuts one connection's bytes into requests. After a fault that leaves the stream's framing in
/// doubt keep_alive is false, and nothing more comes out. One owner, one thread.
class HttpRequestParser {
public:
    /// False when there is no room: the peer doesn't wait for answers. Close the connection.
    [[nodiscard]] bool handle_bytes(Bytes bytes);
    /// The next request, if it is there whole.
    std::optional<HttpRequest> poll_request();
    /// Bytes of a request not yet whole.
    std::size_t buffered_bytes() const { return buffer_.size(); }

private:
    HttpRequest fault(unsigned status);

    std::string buffer_;  // at most http_request_buffer_max
    bool broken_ = false;
};

/// The parameters of an announce, without the '?'. The error is the failure reason.
std::expected<HttpAnnounce, std::string_view> parse_announce_query(std::string_view query);
/// Every info_hash of a scrape, at most scrape_torrents_max.
std::expected<HttpScrape, std::string_view> parse_scrape_query(std::string_view query);

/// Bodies. `family` decides between `peers` and `peers6`.
std::string announce_body(const AnnounceResponse& response, IpAddress::Family family, bool compact);
std::string scrape_body(const ScrapeResponse& response);
std::string failure_body(std::string_view reason);
std::string statistics_body(const TrackerStatistics& statistics);

/// Status line, headers and body.
std::string http_response(unsigned status, std::string_view body, const HttpRequest& request);

/// The whole answer to `request`, which came from `source`.
std::string answer_http(TrackerServer& server, const HttpRequest& request, const IpAddress& source,
                        Time now);

}  // namespace spate::tracker
