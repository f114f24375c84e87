#include "engine/driver/tracker/http_leg.hpp"

#include <algorithm>
#include <utility>

#include "engine/tracker/http_client.hpp"

namespace spate::driver {

using tracker::TrackerFailureKind;
using tracker::TrackerUrl;

namespace {

bool is_redirect(const HttpReply& reply) {
    return reply.status >= 300 && reply.status < 400 && !reply.redirect_url.empty();
}

tracker::TrackerResult parse_body(const HttpReply& reply, bool is_scrape) {
    const Bytes body = as_bytes(reply.body);
    if (is_scrape) return tracker::parse_scrape_response(body);
    return tracker::parse_announce_response(body);
}

}  // namespace

HttpLeg::HttpLeg(LegContext context, Target target)
    : context_(context), target_(std::move(target)) {
    fetch();
}

HttpLeg::~HttpLeg() {
    if (fetch_) context_.fetcher.cancel(*fetch_);
}

void HttpLeg::fetch() {
    asked_ = target_.addresses[next_address_++];
    fetch_ = context_.fetcher.start({target_.url, asked_}, [this](HttpFetcher::Result fetched) {
        fetch_.reset();
        on_fetched(std::move(fetched));
    });
}

void HttpLeg::on_fetched(HttpFetcher::Result fetched) {
    if (!fetched) {
        const bool another = fetched.error().kind == TrackerFailureKind::unreachable &&
                             next_address_ < target_.addresses.size() &&
                             next_address_ < addresses_tried_max;
        if (another) return fetch();
        result_ = std::unexpected(std::move(fetched.error()));
        return;
    }
    if (is_redirect(*fetched)) return follow(fetched->redirect_url);
    read(*fetched);
}

void HttpLeg::follow(const std::string& url) {
    if (++redirects_ > tracker::redirects_max)
        return fail(TrackerFailureKind::redirect_refused, "the tracker redirects too often");
    const auto to = TrackerUrl::parse(url);
    if (!to || to->scheme == TrackerUrl::Scheme::udp)
        return fail(TrackerFailureKind::redirect_refused,
                    "the tracker redirects to something other than HTTP");
    const auto from = TrackerUrl::parse(target_.url);
    if (from && from->scheme == TrackerUrl::Scheme::https && to->scheme != from->scheme)
        return fail(TrackerFailureKind::redirect_refused,
                    "the tracker redirects from HTTPS to unprotected HTTP");
    target_.url = url;
    context_.resolver.resolve(to->host, [this, to = *to, alive = std::weak_ptr(alive_)](
                                            const DnsResolver::Result& resolved) {
        if (!alive.expired()) on_resolved(to, resolved);
    });
}

void HttpLeg::on_resolved(const TrackerUrl& url, const DnsResolver::Result& resolved) {
    if (!resolved)
        return fail(TrackerFailureKind::unreachable,
                    "the host that it redirects to: " + resolved.error());
    std::vector<IpAddress> usable = *resolved;
    std::erase_if(usable, [&](const IpAddress& to) { return to.family() != target_.family; });
    if (usable.empty())
        return fail(TrackerFailureKind::unreachable,
                    "the host that it redirects to has no address of this family");
    std::erase_if(usable, [&](const IpAddress& to) {
        return !tracker::may_follow(target_.origin, target_.named, url.path_and_query, to);
    });
    if (usable.empty())
        return fail(TrackerFailureKind::redirect_refused,
                    "the tracker redirects into a private network");
    target_.addresses = std::move(usable);
    next_address_ = 0;
    fetch();
}

void HttpLeg::read(const HttpReply& reply) {
    result_ = parse_body(reply, target_.is_scrape);
    if (*result_) keep_reachable(**result_, asked_);
    // Some trackers send their failure reason with an error status; anything else is the status's.
    const bool refused = !*result_ && result_->error().kind == TrackerFailureKind::refused;
    if (reply.status != 200 && !refused)
        fail(TrackerFailureKind::http_status,
             "the tracker answers with HTTP status " + std::to_string(reply.status));
}

void HttpLeg::fail(TrackerFailureKind kind, std::string sentence) {
    result_ = std::unexpected(failure(kind, std::move(sentence)));
}

}  // namespace spate::driver
