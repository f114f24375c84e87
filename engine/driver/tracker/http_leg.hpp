#pragma once
// engine/driver/tracker/http_leg.hpp: one request to an HTTP tracker over one address family.
#include <memory>
#include <optional>
#include <vector>

#include "engine/driver/tracker/leg_context.hpp"
#include "engine/tracker/reach.hpp"
#include "engine/tracker/tracker_url.hpp"

namespace spate::driver {

/// Fetches the URL from one of its host's addresses, follows redirects by hand as
/// tracker::may_follow() allows, and reads the answer. Never leaves its family. One thread; goes on
/// in the callbacks of the fetcher and the resolver.
class HttpLeg {
public:
    /// `addresses` are the host's in `family` that may be asked; `named` are all of them.
    struct Target {
        std::string url;
        IpAddress::Family family{};
        std::vector<IpAddress> addresses;
        tracker::Origin origin{};
        std::vector<IpAddress> named;
        bool is_scrape = false;
    };

    HttpLeg(LegContext context, Target target);
    HttpLeg(const HttpLeg&) = delete;
    HttpLeg& operator=(const HttpLeg&) = delete;
    ~HttpLeg();

    const std::optional<tracker::TrackerResult>& result() const { return result_; }

private:
    void fetch();
    void on_fetched(HttpFetcher::Result fetched);
    void follow(const std::string& url);
    void on_resolved(const tracker::TrackerUrl& url, const DnsResolver::Result& resolved);
    void read(const HttpReply& reply);
    void fail(tracker::TrackerFailureKind kind, std::string sentence);

    LegContext context_;
    Target target_;
    std::size_t next_address_ = 0;
    IpAddress asked_;  // the last
    unsigned redirects_ = 0;
    std::optional<HttpFetcher::FetchId> fetch_;
    std::optional<tracker::TrackerResult> result_;
    /// The resolver can't forget a question; its answer looks whether we are still here.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace spate::driver
