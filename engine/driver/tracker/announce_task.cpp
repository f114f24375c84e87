#include "engine/driver/tracker/announce_task.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/tracker/http_client.hpp"

namespace spate::driver {

using tracker::AnnounceRequest;
using tracker::AnnounceResponse;
using tracker::ScrapeRequest;
using tracker::TrackerFailureKind;
using tracker::TrackerResult;
using tracker::TrackerUrl;

namespace {

/// The better of two answers, or both in one.
TrackerResult merge(TrackerResult first, TrackerResult second) {
    if (!first && !second)  // what a tracker says beats what the network says
        return second.error().kind == TrackerFailureKind::refused ? second : first;
    if (!first) return second;
    if (!second) return first;
    auto* into = std::get_if<AnnounceResponse>(&*first);
    const auto* other = std::get_if<AnnounceResponse>(&*second);
    if (into != nullptr && other != nullptr) merge_response(*into, *other);
    return first;
}

bool is_scrape(const tracker::TrackerRequest& request) {
    return std::holds_alternative<ScrapeRequest>(request);
}

/// The URL to fetch; empty when a scrape can't be made of it.
std::optional<std::string> request_url(const AnnounceJob& job) {
    if (const auto* announce = std::get_if<AnnounceRequest>(&job.request))
        return tracker::announce_url(job.url, *announce);
    return tracker::scrape_url(job.url, std::get<ScrapeRequest>(job.request));
}

bool scrape_is_possible(const tracker::TrackerRequest& request) {
    const auto* scrape = std::get_if<ScrapeRequest>(&request);
    return scrape == nullptr || (!scrape->info_hashes.empty() &&
                                 scrape->info_hashes.size() <= tracker::scrape_torrents_max);
}

}  // namespace

bool is_stopped_event(const tracker::TrackerRequest& request) {
    const auto* announce = std::get_if<AnnounceRequest>(&request);
    return announce != nullptr && announce->event == tracker::AnnounceEvent::stopped;
}

AnnounceTask::AnnounceTask(LegContext context, AnnounceJob job, Time now)
    : context_(context),
      job_(std::move(job)),
      url_(TrackerUrl::parse(job_.url)),
      deadline_(now + job_.time_max) {
    SPATE_ASSERT(scrape_is_possible(job_.request));
    begin();
}

void AnnounceTask::begin() {
    if (!url_) return fail(TrackerFailureKind::bad_url, "the URL is not one of http, https or udp");
    if (url_->scheme != TrackerUrl::Scheme::udp) {
        const auto url = request_url(job_);
        if (!url)
            return fail(TrackerFailureKind::scrape_unsupported, "the tracker offers no scrape");
        http_url_ = *url;
    }
    context_.resolver.resolve(url_->host,
                              [this, alive = std::weak_ptr(alive_)](DnsResolver::Result resolved) {
                                  if (!alive.expired()) on_resolved(std::move(resolved));
                              });
}

void AnnounceTask::on_resolved(DnsResolver::Result resolved) {
    if (result_) return;
    if (!resolved) return fail(TrackerFailureKind::unreachable, resolved.error());
    std::erase_if(*resolved, [&](const IpAddress& address) {
        return !tracker::may_ask(job_.origin, *url_, address);
    });
    if (resolved->empty()) return refuse_reach();
    for (const auto family : {IpAddress::Family::v4, IpAddress::Family::v6})
        start_leg(family, *resolved);
}

/// It won't get better soon, so it isn't asked again for as long as the longest rest.
void AnnounceTask::refuse_reach() {
    fail(TrackerFailureKind::reach_refused,
         "it is in this machine's or a private network, and its URL isn't a plain announce URL; "
         "name it with --tracker if it is yours");
    result_->error().retry_in = Duration::max();
}

void AnnounceTask::start_leg(IpAddress::Family family, const std::vector<IpAddress>& addresses) {
    const TrackerUrl& url = *url_;
    std::vector<IpAddress> of_family;
    std::ranges::copy_if(addresses, std::back_inserter(of_family),
                         [&](const IpAddress& address) { return address.family() == family; });
    if (of_family.empty()) return;
    if (url.scheme == TrackerUrl::Scheme::udp) {
        udp_legs_.push_back(std::make_unique<UdpLeg>(context_, job_.request, url.path_and_query,
                                                     url.port, std::move(of_family)));
        return;
    }
    http_legs_.push_back(
        std::make_unique<HttpLeg>(context_, HttpLeg::Target{.url = http_url_,
                                                            .family = family,
                                                            .addresses = std::move(of_family),
                                                            .origin = job_.origin,
                                                            .named = addresses,
                                                            .is_scrape = is_scrape(job_.request)}));
}

void AnnounceTask::advance(Time now) {
    if (result_) return;
    for (const auto& leg : udp_legs_) leg->advance(now);
    collect(now);
    if (!result_ && now >= deadline_)
        fail(TrackerFailureKind::timed_out, "the tracker did not answer in time");
}

void AnnounceTask::collect(Time now) {
    std::optional<TrackerResult> merged;
    std::size_t missing = 0;
    const auto look_at = [&](const std::optional<TrackerResult>& leg) {
        if (!leg)
            ++missing;
        else
            merged = merged ? merge(std::move(*merged), *leg) : *leg;
    };
    for (const auto& leg : udp_legs_) look_at(leg->result());
    for (const auto& leg : http_legs_) look_at(leg->result());
    if (!merged) return;
    if (merged->has_value() && !one_answered_) {
        one_answered_ = true;
        deadline_ = std::min(deadline_, now + second_family_grace);
    }
    if (missing == 0 || (one_answered_ && now >= deadline_)) finish(std::move(*merged));
}

std::optional<Time> AnnounceTask::next_timeout() const {
    if (result_) return Time{};
    Time next = deadline_;
    for (const auto& leg : udp_legs_)
        if (const auto due = leg->next_timeout()) next = std::min(next, *due);
    return next;
}

void AnnounceTask::append_polls(std::vector<pollfd>& polls) const {
    for (const auto& leg : udp_legs_) leg->append_polls(polls);
}

void AnnounceTask::finish(TrackerResult result) {
    if (!result && url_)  // the host alone: paths carry passkeys
        result.error().sentence = "tracker " + url_->host + ": " + result.error().sentence;
    result_ = std::move(result);
}

void AnnounceTask::fail(TrackerFailureKind kind, std::string sentence) {
    finish(std::unexpected(failure(kind, std::move(sentence))));
}

void AnnounceTask::cancel() {
    if (!result_) fail(TrackerFailureKind::cancelled, "the announce was given up");
}

bool AnnounceTask::is_stopped_event() const {
    return driver::is_stopped_event(job_.request);
}

void AnnounceTask::report() {
    SPATE_ASSERT(result_ && job_.done);
    AnnounceDone done = std::exchange(job_.done, nullptr);
    done(job_.id, std::move(*result_));
}

}  // namespace spate::driver
