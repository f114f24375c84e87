#pragma once
// engine/tracker/tracker_tiers.hpp: which tracker one torrent announces to, when, and as what.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/prng.hpp"
#include "engine/tracker/announce.hpp"
#include "engine/tracker/tracker_list.hpp"

namespace spate::tracker {

/// Trackers kept of a torrent; later ones are dropped.
inline constexpr std::size_t trackers_per_torrent_max = 100;
/// After the n-th failure in a row a tracker rests for retry_delay_first * 2^(n-1), at most
/// retry_delay_max, and up to a quarter longer.
inline constexpr Duration retry_delay_first = 30s;
inline constexpr Duration retry_delay_max = 1h;
/// How soon a torrent short of peers asks again when the tracker named no minimum.
inline constexpr Duration early_announce_interval = 5min;
/// A `completed` that fails this often isn't repeated.
inline constexpr unsigned completed_attempts_max = 5;

struct AnnounceOrder {
    std::string url;
    AnnounceEvent event = AnnounceEvent::none;
    std::int32_t num_want = 0;
    std::string tracker_id;
    /// Another tracker can be asked when this one is silent.
    bool others_wait = false;
    /// Whose word the URL is.
    Origin origin = Origin::torrent;
    bool operator==(const AnnounceOrder&) const = default;
};

/// Announces of one torrent as BEP 12 wants them: each tier shuffled once; from the first tracker
/// on until one answers, which moves to the front of its tier; nothing to the others then. One
/// announce is in flight at a time. A tracker hears `started` until it has answered one, and
/// `completed` and `stopped` once each if it had. Trackers that fail rest, so that each walk skips
/// them until their rest is over.
class TrackerTiers {
public:
    struct Options {
        std::int32_t num_want = 100;
        /// Below this many peers the next announce comes as early as the tracker allows.
        std::uint32_t peers_few = 10;
        /// From this many peers on none are asked for.
        std::uint32_t peers_enough = 400;
        /// The torrent has every piece already, so `completed` is never due.
        bool complete = false;
    };

    /// URLs that TrackerUrl refuses, and repeated ones, are left out.
    TrackerTiers(TrackerList list, Options options, Prng prng);

    /// The announce to make now, if one is due. Its answer must come to handle_response() or
    /// handle_failure() before another is handed out.
    std::optional<AnnounceOrder> poll_announce(Time now);
    void handle_response(std::string_view url, const AnnounceResponse& response, Time now);
    void handle_failure(std::string_view url, Time now,
                        std::optional<Duration> retry_in = std::nullopt);
    std::optional<Time> next_timeout() const;

    /// Connected peers now; decides how soon to ask for more.
    void handle_peer_count(std::uint32_t peers, Time now);
    /// The last piece has been stored.
    void completed(Time now);
    /// The torrent stops: the trackers to tell, at once. Nothing is due afterwards.
    std::vector<AnnounceOrder> stop(Time now);

    std::size_t tracker_count() const { return trackers_.size(); }
    /// The tracker that answered last.
    std::string_view working_url() const { return working_url_; }

private:
    // URLs are those of list_.
    struct Tracker {
        std::string_view url;
        std::uint32_t tier = 0;
        bool told_started = false;
        bool owes_completed = false;
        unsigned completed_failures = 0;
        unsigned failures = 0;  // in a row
        Time not_before{};      // rests until then
        std::string tracker_id;
    };

    struct InFlight {
        std::string_view url;
        AnnounceEvent event{};
        bool finished_meanwhile = false;
    };

    void add_tier(std::vector<std::string_view> urls, std::uint32_t tier);
    Tracker* find(std::string_view url);
    AnnounceOrder order(Tracker& tracker, AnnounceEvent event, Time now);
    void move_to_front_of_tier(std::size_t index);
    Duration retry_delay(unsigned failures);
    void ask_early_if_few(Time now);

    TrackerList list_;
    Options options_;
    Prng prng_;
    std::vector<Tracker> trackers_;  // by tier, then in the order to try
    std::optional<InFlight> in_flight_;
    std::string_view working_url_;
    Time next_announce_{};  // of the regular round
    Time earliest_next_{};  // what the working tracker allows
    std::uint32_t peers_ = 0;
    bool finished_;
    bool stopped_ = false;
};

}  // namespace spate::tracker
