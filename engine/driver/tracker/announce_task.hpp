#pragma once
// engine/driver/tracker/announce_task.hpp: one announce or scrape, over both address families.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/driver/tracker/http_leg.hpp"
#include "engine/driver/tracker/udp_leg.hpp"
#include "engine/tracker/reach.hpp"

namespace spate::driver {

/// Called once, on the helper thread: hand the result on and return.
using AnnounceDone = std::move_only_function<void(std::uint64_t id, tracker::TrackerResult)>;

/// However slow names, redirects and retransmissions are.
inline constexpr Duration announce_time_max = 120s;
/// The same where another tracker can be asked instead: a datagram and its repetition. Lists begin
/// with trackers that died long ago, and no peer is known until one answers.
inline constexpr Duration announce_time_max_of_many = 20s;

struct AnnounceJob {
    /// The caller's own name for it; cancel() uses it.
    std::uint64_t id = 0;
    /// The announce URL, for scrapes too (BEP 48).
    std::string url;
    /// Whose word that is; how far it reaches is for tracker::may_ask().
    tracker::Origin origin = tracker::Origin::torrent;
    tracker::TrackerRequest request;
    Duration time_max = announce_time_max;
    AnnounceDone done;
};

/// Once one family has answered, the other gets this long.
inline constexpr Duration second_family_grace = 5s;

/// Resolves the host, asks over every family that it has (a tracker learns each of our addresses
/// only so) and merges the answers (BEP 7). One thread.
class AnnounceTask {
public:
    AnnounceTask(LegContext context, AnnounceJob job, Time now);
    AnnounceTask(const AnnounceTask&) = delete;
    AnnounceTask& operator=(const AnnounceTask&) = delete;

    void advance(Time now);
    std::optional<Time> next_timeout() const;
    void append_polls(std::vector<pollfd>& polls) const;

    /// Has its result: call report().
    bool finished() const { return result_.has_value(); }
    void report();
    /// Ends it as cancelled, unless it is finished.
    void cancel();
    std::uint64_t id() const { return job_.id; }
    bool is_stopped_event() const;

private:
    void begin();
    void on_resolved(DnsResolver::Result resolved);
    void refuse_reach();
    void start_leg(IpAddress::Family family, const std::vector<IpAddress>& addresses);
    void collect(Time now);
    void finish(tracker::TrackerResult result);
    void fail(tracker::TrackerFailureKind kind, std::string sentence);

    LegContext context_;
    AnnounceJob job_;
    std::optional<tracker::TrackerUrl> url_;
    std::string http_url_;  // with the parameters
    Time deadline_;
    std::vector<std::unique_ptr<UdpLeg>> udp_legs_;    // at most one a family
    std::vector<std::unique_ptr<HttpLeg>> http_legs_;  // at most one a family
    bool one_answered_ = false;
    std::optional<tracker::TrackerResult> result_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// Whether this is an announce that says goodbye.
bool is_stopped_event(const tracker::TrackerRequest& request);

}  // namespace spate::driver
