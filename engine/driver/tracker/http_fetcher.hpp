#pragma once
// engine/driver/tracker/http_fetcher.hpp: many HTTP GETs at once, by libcurl.
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <poll.h>
#include <string>
#include <unordered_map>
#include <vector>

#include <curl/curl.h>

#include "engine/base/endpoint.hpp"
#include "engine/base/time.hpp"
#include "engine/tracker/announce.hpp"

namespace spate::driver {

inline constexpr Duration http_connect_timeout = 15s;
inline constexpr Duration http_total_timeout = 45s;
/// Idle connections kept for the next announce.
inline constexpr long http_idle_connections_max = 16;

struct HttpGet {
    std::string url;
    /// The host's address to use; nothing is resolved here, so that what was checked is what is
    /// dialled.
    IpAddress address;
};

struct HttpReply {
    long status = 0;
    std::string body;
    /// Absolute; empty unless the status is a redirect's.
    std::string redirect_url;
};

/// HTTP and HTTPS only, certificates verified, no proxies, no redirects followed, bodies up to
/// http_response_size_max. One thread.
class HttpFetcher {
public:
    struct Options {
        std::string user_agent = "spate/0.1.0";
        /// A PEM file instead of the system's certificates.
        std::string certificates_file{};
    };
    using Result = std::expected<HttpReply, tracker::TrackerFailure>;
    using Done = std::move_only_function<void(Result)>;
    using FetchId = std::uint64_t;

    explicit HttpFetcher(Options options);
    HttpFetcher(const HttpFetcher&) = delete;
    HttpFetcher& operator=(const HttpFetcher&) = delete;
    ~HttpFetcher();

    /// `done` is called by process(), once, unless the fetch is cancelled.
    FetchId start(const HttpGet& get, Done done);
    void cancel(FetchId id);

    /// Waits for curl's sockets and for `polls`, until `most` has passed.
    void poll(std::vector<pollfd>& polls, Duration most);
    void process();

private:
    struct Fetch;

    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* fetch);
    void set_up(Fetch& fetch, const HttpGet& get);
    Result result_of(Fetch& fetch, CURLcode code) const;

    Options options_;
    CURLM* multi_;
    FetchId next_id_ = 1;
    std::unordered_map<FetchId, std::unique_ptr<Fetch>> fetches_;
};

}  // namespace spate::driver
