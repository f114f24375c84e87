#include "engine/tracker/tracker_tiers.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/tracker/tracker_url.hpp"

namespace spate::tracker {
namespace {

/// No tracker asks us to rest for longer than this, "never" (BEP 31) included: torrents live for
/// years, trackers change their minds.
constexpr Duration rest_max = 24h;

}  // namespace

TrackerTiers::TrackerTiers(TrackerList list, Options options, Prng prng)
    : list_(std::move(list)), options_(options), prng_(prng), finished_(options.complete) {
    std::uint32_t number = 0;
    for (const auto& tier : list_.tiers()) add_tier({tier.begin(), tier.end()}, number++);
    trackers_.shrink_to_fit();
}

void TrackerTiers::add_tier(std::vector<std::string_view> urls, std::uint32_t tier) {
    prng_.shuffle(std::span(urls));
    for (const std::string_view url : urls) {
        if (trackers_.size() == trackers_per_torrent_max) return;
        if (!TrackerUrl::parse(url) || find(url) != nullptr) continue;
        Tracker tracker;
        tracker.url = url;
        tracker.tier = tier;
        trackers_.push_back(std::move(tracker));
    }
}

TrackerTiers::Tracker* TrackerTiers::find(std::string_view url) {
    const auto at = std::ranges::find(trackers_, url, &Tracker::url);
    return at == trackers_.end() ? nullptr : &*at;
}

std::optional<AnnounceOrder> TrackerTiers::poll_announce(Time now) {
    if (stopped_ || in_flight_) return std::nullopt;
    for (Tracker& tracker : trackers_)
        if (tracker.owes_completed && tracker.not_before <= now)
            return order(tracker, AnnounceEvent::completed, now);
    if (now < next_announce_) return std::nullopt;
    for (Tracker& tracker : trackers_)
        if (tracker.not_before <= now)
            return order(tracker,
                         tracker.told_started ? AnnounceEvent::none : AnnounceEvent::started, now);
    return std::nullopt;
}

AnnounceOrder TrackerTiers::order(Tracker& tracker, AnnounceEvent event, Time now) {
    in_flight_ = InFlight{tracker.url, event};
    const bool enough = peers_ >= options_.peers_enough;
    const bool others_wait = std::ranges::any_of(trackers_, [&](const Tracker& other) {
        return &other != &tracker && other.not_before <= now;
    });
    return {std::string(tracker.url), event,       enough ? 0 : options_.num_want,
            tracker.tracker_id,       others_wait, list_.origin_of(tracker.url)};
}

void TrackerTiers::handle_response(std::string_view url, const AnnounceResponse& response,
                                   Time now) {
    if (!in_flight_ || in_flight_->url != url) return;
    const InFlight answered = *std::exchange(in_flight_, std::nullopt);
    Tracker& tracker = *find(url);
    tracker.failures = 0;
    tracker.not_before = now;
    if (!response.tracker_id.empty()) tracker.tracker_id = response.tracker_id;
    if (answered.event == AnnounceEvent::completed) tracker.owes_completed = false;
    if (answered.event == AnnounceEvent::started) {
        tracker.told_started = true;
        tracker.owes_completed = answered.finished_meanwhile;
    }
    working_url_ = tracker.url;
    move_to_front_of_tier(static_cast<std::size_t>(&tracker - trackers_.data()));

    const Duration least = response.min_interval > Duration::zero()
                               ? response.min_interval
                               : std::min(early_announce_interval, response.interval);
    earliest_next_ = now + least;
    next_announce_ = now + std::max(response.interval, least);
    ask_early_if_few(now);
}

void TrackerTiers::handle_failure(std::string_view url, Time now,
                                  std::optional<Duration> retry_in) {
    if (!in_flight_ || in_flight_->url != url) return;
    const InFlight failed = *std::exchange(in_flight_, std::nullopt);
    Tracker& tracker = *find(url);
    ++tracker.failures;
    const Duration asked =
        std::clamp(retry_in.value_or(Duration::zero()), Duration::zero(), rest_max);
    tracker.not_before = now + std::max(retry_delay(tracker.failures), asked);
    if (failed.event == AnnounceEvent::completed &&
        ++tracker.completed_failures == completed_attempts_max)
        tracker.owes_completed = false;
}

Duration TrackerTiers::retry_delay(unsigned failures) {
    SPATE_ASSERT(failures > 0);
    constexpr unsigned doublings_max = 20;  // far beyond retry_delay_max
    const unsigned doublings = std::min(failures - 1, doublings_max);
    const Duration delay =
        std::min(retry_delay_max, retry_delay_first * (std::int64_t{1} << doublings));
    const auto jitter = prng_.below(static_cast<std::uint64_t>(delay.count()) / 4 + 1);
    return delay + Duration(static_cast<std::int64_t>(jitter));
}

void TrackerTiers::move_to_front_of_tier(std::size_t index) {
    const auto at = trackers_.begin() + static_cast<std::ptrdiff_t>(index);
    const auto front = std::ranges::find(trackers_, at->tier, &Tracker::tier);
    std::rotate(front, at, at + 1);
}

void TrackerTiers::handle_peer_count(std::uint32_t peers, Time now) {
    peers_ = peers;
    ask_early_if_few(now);
}

void TrackerTiers::ask_early_if_few(Time now) {
    if (finished_ || peers_ >= options_.peers_few) return;
    next_announce_ = std::min(next_announce_, std::max(now, earliest_next_));
}

std::optional<Time> TrackerTiers::next_timeout() const {
    if (stopped_ || in_flight_ || trackers_.empty()) return std::nullopt;
    Time next = Time::max();
    for (const Tracker& tracker : trackers_) {
        next = std::min(next, std::max(next_announce_, tracker.not_before));
        if (tracker.owes_completed) next = std::min(next, tracker.not_before);
    }
    return next;
}

void TrackerTiers::completed(Time) {
    if (std::exchange(finished_, true)) return;
    for (Tracker& tracker : trackers_) tracker.owes_completed = tracker.told_started;
    if (in_flight_ && in_flight_->event == AnnounceEvent::started)
        in_flight_->finished_meanwhile = true;
}

std::vector<AnnounceOrder> TrackerTiers::stop(Time) {
    std::vector<AnnounceOrder> orders;
    if (std::exchange(stopped_, true)) return orders;
    for (const Tracker& tracker : trackers_) {
        // One that is being told `started` may have heard it.
        const bool being_told = in_flight_ && in_flight_->url == tracker.url;
        if (tracker.told_started || being_told)
            orders.push_back({std::string(tracker.url), AnnounceEvent::stopped, 0,
                              tracker.tracker_id, false, list_.origin_of(tracker.url)});
    }
    in_flight_.reset();
    return orders;
}

}  // namespace spate::tracker
