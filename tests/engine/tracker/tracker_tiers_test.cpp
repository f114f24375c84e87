#include "engine/tracker/tracker_tiers.hpp"

#include <optional>
#include <set>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::tracker;

namespace {

const Time start{1h};

AnnounceResponse every(Duration interval, Duration min_interval = {}) {
    AnnounceResponse response;
    response.interval = interval;
    response.min_interval = min_interval;
    return response;
}

TrackerTiers plenty(TrackerList::Tiers tiers) {
    return {std::move(tiers), {.peers_few = 0}, Prng(1)};
}

}  // namespace

TEST(TrackerTiers, SaysStartedOnceAndThenKeepsTheInterval) {
    TrackerTiers tiers = plenty({{"http://a/announce"}});
    const auto first = tiers.poll_announce(start);
    EXPECT_EQ(first, (AnnounceOrder{"http://a/announce", AnnounceEvent::started, 100, ""}));
    EXPECT_FALSE(tiers.poll_announce(start)) << "one at a time";
    EXPECT_EQ(tiers.next_timeout(), std::nullopt);
    AnnounceResponse response = every(30min);
    response.tracker_id = "id";
    tiers.handle_response(first->url, response, start);
    EXPECT_EQ(tiers.next_timeout(), start + 30min);
    EXPECT_FALSE(tiers.poll_announce(start + 29min));
    EXPECT_EQ(tiers.poll_announce(start + 30min),
              (AnnounceOrder{"http://a/announce", AnnounceEvent::none, 100, "id"}));
}

TEST(TrackerTiers, WalksOnWhenATrackerFailsAndComesBackWhenItsRestIsOver) {
    TrackerTiers tiers = plenty({{"http://a/"}, {"http://b/"}});
    EXPECT_EQ(tiers.poll_announce(start)->url, "http://a/");
    tiers.handle_failure("http://a/", start);
    EXPECT_EQ(tiers.poll_announce(start)->url, "http://b/");
    tiers.handle_response("http://b/", every(30min), start);
    EXPECT_FALSE(tiers.poll_announce(start + 5min)) << "b answered; a can wait for the next round";
    EXPECT_EQ(tiers.poll_announce(start + 30min)->url, "http://a/");
}

TEST(TrackerTiers, TellsWhetherAnotherCouldBeAskedInstead) {
    TrackerTiers tiers = plenty({{"http://a/"}, {"http://b/"}});
    EXPECT_TRUE(tiers.poll_announce(start)->others_wait);
    tiers.handle_failure("http://a/", start);
    EXPECT_FALSE(tiers.poll_announce(start)->others_wait) << "a rests";
    EXPECT_FALSE(plenty({{"http://a/"}}).poll_announce(start)->others_wait);
}

TEST(TrackerTiers, MovesAWorkingTrackerToTheFrontOfItsTier) {
    TrackerTiers tiers = plenty({{"http://a/", "http://b/", "http://c/"}, {"http://d/"}});
    std::string working;
    for (int i = 0; i < 3; ++i) {
        working = tiers.poll_announce(start)->url;
        if (i < 2) tiers.handle_failure(working, start);
    }
    tiers.handle_response(working, every(3h), start);
    EXPECT_EQ(tiers.poll_announce(start + 3h)->url, working);
    EXPECT_EQ(tiers.working_url(), working);
}

TEST(TrackerTiers, ShufflesWithinATierOnly) {
    std::set<std::string> firsts;
    for (std::uint64_t seed = 0; seed < 32; ++seed) {
        TrackerTiers tiers(TrackerList::Tiers{{"http://a/", "http://b/"}, {"http://c/"}}, {},
                           Prng(seed));
        firsts.insert(tiers.poll_announce(start)->url);
    }
    EXPECT_EQ(firsts, (std::set<std::string>{"http://a/", "http://b/"}));
}

TEST(TrackerTiers, RestsDoubleUpToTheirLimitAndJitterOnlyAddsAQuarter) {
    TrackerTiers tiers = plenty({{"http://a/"}});
    Time now = start;
    Duration expected = retry_delay_first;
    for (int i = 0; i < 12; ++i) {
        ASSERT_TRUE(tiers.poll_announce(now));
        tiers.handle_failure("http://a/", now);
        const Duration rest = *tiers.next_timeout() - now;
        EXPECT_GE(rest, expected);
        EXPECT_LE(rest, expected + expected / 4);
        now = *tiers.next_timeout();
        expected = std::min(expected * 2, retry_delay_max);
    }
}

TEST(TrackerTiers, RespectsTheRetryTimeOfATrackerThatRefused) {
    TrackerTiers tiers = plenty({{"http://a/"}});
    tiers.poll_announce(start);
    tiers.handle_failure("http://a/", start, 2h);
    EXPECT_EQ(tiers.next_timeout(), start + 2h);
    tiers.poll_announce(start + 2h);
    tiers.handle_failure("http://a/", start + 2h, Duration::max());
    EXPECT_EQ(tiers.next_timeout(), start + 26h) << "never is a day";
}

TEST(TrackerTiers, CompletedGoesOnceToEachTrackerThatHeardStarted) {
    TrackerTiers tiers = plenty({{"http://a/"}, {"http://b/"}});
    tiers.poll_announce(start);
    tiers.handle_failure("http://a/", start);
    tiers.poll_announce(start);
    tiers.handle_response("http://b/", every(30min), start);
    tiers.completed(start + 1s);
    tiers.completed(start + 1s);
    EXPECT_EQ(tiers.next_timeout(), start);
    const auto order = tiers.poll_announce(start + 1s);
    EXPECT_EQ(order->url, "http://b/");
    EXPECT_EQ(order->event, AnnounceEvent::completed);
    tiers.handle_response("http://b/", every(30min), start + 1s);
    EXPECT_FALSE(tiers.poll_announce(start + 2s));
    const auto next = tiers.poll_announce(start + 31min);
    EXPECT_EQ(next->event, AnnounceEvent::started) << "a hears of us for the first time";
    tiers.handle_response(next->url, every(30min), start + 31min);
    EXPECT_EQ(tiers.poll_announce(start + 62min)->event, AnnounceEvent::none);
}

TEST(TrackerTiers, CompletedWhileStartedIsInFlightFollowsIt) {
    TrackerTiers tiers = plenty({{"http://a/"}});
    tiers.poll_announce(start);
    tiers.completed(start);
    tiers.handle_response("http://a/", every(30min), start);
    EXPECT_EQ(tiers.poll_announce(start)->event, AnnounceEvent::completed);
}

TEST(TrackerTiers, CompletedIsGivenUpAfterItsAttempts) {
    TrackerTiers tiers = plenty({{"http://a/"}});
    tiers.poll_announce(start);
    tiers.handle_response("http://a/", every(3h), start);
    tiers.completed(start);
    Time now = start;
    for (unsigned i = 0; i < completed_attempts_max; ++i) {
        const auto order = tiers.poll_announce(now);
        ASSERT_TRUE(order && order->event == AnnounceEvent::completed);
        tiers.handle_failure("http://a/", now);
        now += 30min;
    }
    now = start + 4h;
    EXPECT_EQ(tiers.poll_announce(now)->event, AnnounceEvent::none);
}

TEST(TrackerTiers, ACompleteTorrentNeverSaysCompleted) {
    TrackerTiers tiers(TrackerList::Tiers{{"http://a/"}}, {.complete = true}, Prng(1));
    tiers.poll_announce(start);
    tiers.handle_response("http://a/", every(30min), start);
    tiers.completed(start);
    EXPECT_FALSE(tiers.poll_announce(start));
}

TEST(TrackerTiers, StopTellsThoseThatMayKnowUs) {
    TrackerTiers tiers = plenty({{"http://a/"}, {"http://b/"}, {"http://c/"}});
    tiers.poll_announce(start);
    tiers.handle_failure("http://a/", start);
    tiers.poll_announce(start);
    tiers.handle_response("http://b/", every(10s), start);
    EXPECT_EQ(tiers.poll_announce(start + 1min)->url, "http://a/");
    const auto orders = tiers.stop(start + 1min);
    ASSERT_EQ(orders.size(), 2U);
    EXPECT_EQ(orders[0], (AnnounceOrder{"http://a/", AnnounceEvent::stopped, 0, ""}))
        << "its started is under way";
    EXPECT_EQ(orders[1].url, "http://b/");
    EXPECT_TRUE(tiers.stop(start).empty()) << "once";
    EXPECT_FALSE(tiers.poll_announce(start + 2h));
    EXPECT_EQ(tiers.next_timeout(), std::nullopt);
    tiers.handle_response("http://a/", every(10s), start);  // late
}

TEST(TrackerTiers, AsksEarlyWhenPeersAreFewButNotBeforeTheMinimum) {
    TrackerTiers tiers(TrackerList::Tiers{{"http://a/"}}, {.peers_few = 10}, Prng(1));
    tiers.poll_announce(start);
    tiers.handle_response("http://a/", every(30min, 2min), start);
    EXPECT_EQ(tiers.next_timeout(), start + 2min);
    tiers.poll_announce(start + 2min);
    tiers.handle_response("http://a/", every(30min), start + 2min);
    EXPECT_EQ(tiers.next_timeout(), start + 2min + early_announce_interval);
}

TEST(TrackerTiers, WaitsForTheIntervalWhenPeersAreManyAndWantsNoneWhenEnough) {
    TrackerTiers tiers(TrackerList::Tiers{{"http://a/"}}, {.peers_few = 10, .peers_enough = 100},
                       Prng(1));
    tiers.handle_peer_count(100, start);
    EXPECT_EQ(tiers.poll_announce(start)->num_want, 0);
    tiers.handle_response("http://a/", every(30min), start);
    EXPECT_EQ(tiers.next_timeout(), start + 30min);
    tiers.handle_peer_count(9, start + 20min);
    EXPECT_EQ(tiers.next_timeout(), start + 20min);
    EXPECT_EQ(tiers.poll_announce(start + 20min)->num_want, 100);
}

TEST(TrackerTiers, LeavesOutRepeatedUnusableAndTooManyTrackers) {
    TrackerTiers few = plenty({{"http://a/", "http://a/", "wss://b/"}, {"http://a/"}});
    EXPECT_EQ(few.tracker_count(), 1U);
    std::vector<std::string> many;
    for (std::size_t i = 0; i <= trackers_per_torrent_max; ++i)
        many.push_back("http://a/" + std::to_string(i));
    EXPECT_EQ(plenty({many}).tracker_count(), trackers_per_torrent_max);
}

TEST(TrackerTiers, WithoutTrackersNothingIsEverDue) {
    TrackerTiers tiers = plenty({});
    EXPECT_FALSE(tiers.poll_announce(start));
    EXPECT_EQ(tiers.next_timeout(), std::nullopt);
}

TEST(TrackerTiers, TorrentsThatShareAListGoTheirOwnWays) {
    auto lists = std::make_optional<TrackerLists>();
    TrackerTiers one(lists->share({{"http://a/"}, {"http://b/"}}), {.peers_few = 0}, Prng(1));
    TrackerTiers other(lists->share({{"http://a/"}, {"http://b/"}}), {.peers_few = 0}, Prng(1));
    lists.reset();
    one.poll_announce(start);
    one.handle_failure("http://a/", start);
    EXPECT_EQ(one.poll_announce(start)->url, "http://b/");
    EXPECT_EQ(other.poll_announce(start)->url, "http://a/");
    other.handle_response("http://a/", every(30min), start);
    EXPECT_EQ(other.working_url(), "http://a/");
    EXPECT_EQ(one.working_url(), "");
}

TEST(TrackerLists, EqualListsAreOne) {
    TrackerLists lists;
    const TrackerList first = lists.share({{"http://a/", "http://b/"}, {"http://c/"}});
    EXPECT_TRUE(first.shares_memory_with(lists.share({{"http://a/", "http://b/"}, {"http://c/"}})));
    const TrackerList other = lists.share({{"http://a/"}, {"http://b/"}, {"http://c/"}});
    EXPECT_FALSE(first.shares_memory_with(other)) << "other tiers";
    EXPECT_EQ(first.urls(), other.urls());
    EXPECT_EQ(first.urls().size(), 3U);
    EXPECT_TRUE(lists.share({}).tiers().empty());
}
