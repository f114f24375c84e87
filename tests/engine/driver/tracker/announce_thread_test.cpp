#include "engine/driver/tracker/announce_thread.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "engine/tracker/http_client.hpp"
#include "tests/engine/driver/tracker/tracker_peers.hpp"

using namespace spate;
using namespace spate::driver;
using namespace spate::tracker;

namespace {

class Announcing : public testing::Test {
protected:
    TrackerFailure failure_from(const std::string& url, TrackerRequest request) {
        const TrackerResult result = ask(*thread, url, std::move(request)).get();
        EXPECT_FALSE(result);
        return result ? TrackerFailure{} : result.error();
    }
    TrackerFailure failure_from(const std::string& url) {
        return failure_from(url, announce_of(1));
    }
    AnnounceResponse response_from(const std::string& url, AnnounceRequest request) {
        const TrackerResult result = ask(*thread, url, std::move(request)).get();
        EXPECT_TRUE(result) << result.error().sentence;
        return result ? std::get<AnnounceResponse>(*result) : AnnounceResponse{};
    }

    std::unique_ptr<AnnounceThread> thread = std::move(*AnnounceThread::start({.seed = 1}));
};

/// A UDP port on which nobody answers.
io::FileDescriptor silent_udp() {
    return std::move(*io::bind_udp(*Endpoint::parse("127.0.0.1:0")));
}

std::string redirect_to(std::string_view url) {
    return http_answer("302 Found", "", "Location: " + std::string(url) + "\r\n");
}

}  // namespace

class AnnounceTransports : public Announcing,
                           public testing::WithParamInterface<std::pair<const char*, const char*>> {
};

TEST_P(AnnounceTransports, PeersFindEachOtherAndCanBeCounted) {
    const auto [scheme, listen] = GetParam();
    const auto tracker = start_tracker({*Endpoint::parse(listen)});
    const Endpoint at = tracker->endpoints()[0];
    const std::string url = std::string(scheme) + "://" + at.to_string() + "/announce";
    EXPECT_TRUE(response_from(url, announce_of(6881, 0)).peers.empty());
    const AnnounceResponse second = response_from(url, announce_of(6882));
    EXPECT_EQ(second.peers, (std::vector{Endpoint{at.address, 6881}}));
    EXPECT_EQ(second.interval, 30min);
    EXPECT_EQ(second.seeders, 1U);
    EXPECT_EQ(second.leechers, 1U);

    const auto scraped = ask(*thread, url, ScrapeRequest{{announce_of(1).info_hash}}).get();
    ASSERT_TRUE(scraped) << scraped.error().sentence;
    EXPECT_EQ(std::get<ScrapeResponse>(*scraped).torrents[0].counts, (ScrapeCounts{1, 0, 1}));

    AnnounceRequest stopped = announce_of(6881, 0);
    stopped.event = AnnounceEvent::stopped;
    EXPECT_EQ(response_from(url, stopped).seeders, 0U);
}

INSTANTIATE_TEST_SUITE_P(EachWay, AnnounceTransports,
                         testing::Values(std::pair{"http", "127.0.0.1:0"},
                                         std::pair{"http", "[::1]:0"},
                                         std::pair{"udp", "127.0.0.1:0"},
                                         std::pair{"udp", "[::1]:0"}));

TEST_F(Announcing, HostWithBothFamiliesIsAskedOverBoth) {
    const auto v4 = start_tracker({*Endpoint::parse("127.0.0.1:0")});
    const std::uint16_t port = v4->endpoints()[0].port;
    const auto v6 = start_tracker({Endpoint{*IpAddress::parse("::1"), port}});
    for (const std::string scheme : {"http", "udp"}) {
        const std::string url = scheme + "://localhost:" + std::to_string(port) + "/announce";
        (void)response_from(url, announce_of(6881));
        const AnnounceResponse merged = response_from(url, announce_of(6882));
        std::vector<Endpoint> peers = merged.peers;
        std::ranges::sort(peers);
        EXPECT_TRUE(std::ranges::includes(peers, std::vector{*Endpoint::parse("127.0.0.1:6881"),
                                                             *Endpoint::parse("[::1]:6881")}));
    }
}

TEST_F(Announcing, RefusalCarriesTheTrackersReason) {
    const auto tracker = start_tracker({*Endpoint::parse("127.0.0.1:0")}, {.only_allowed = true});
    const std::string at = tracker->endpoints()[0].to_string();
    for (const std::string scheme : {"http", "udp"}) {
        const TrackerFailure refused = failure_from(scheme + "://" + at + "/announce");
        EXPECT_EQ(refused.kind, TrackerFailureKind::refused);
        EXPECT_EQ(refused.sentence,
                  "tracker 127.0.0.1: the tracker says: this torrent is not tracked here");
    }
    tracker->allow(announce_of(1).info_hash);
    EXPECT_TRUE(ask(*thread, "http://" + at + "/announce", announce_of(1)).get());
}

TEST_F(Announcing, RedirectsOnTheUsersOwnNetworkAreFollowed) {
    const auto tracker = start_tracker({*Endpoint::parse("127.0.0.1:0")});
    const CannedServer server(redirect_to(
        "http://" + tracker->endpoints()[0].to_string() +
        "/announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb&port=1"));
    EXPECT_EQ(response_from(server.url(), announce_of(1)).leechers, 1U);
}

TEST_F(Announcing, RedirectsIntoOtherPrivateNetworksAreRefused) {
    for (const char* target : {"http://169.254.169.254/latest/meta-data", "http://192.168.0.1/",
                               "http://[fd00::1]/", "udp://127.0.0.1:80/", "file:///etc/passwd"}) {
        const CannedServer server(redirect_to(target));
        const TrackerFailureKind kind = failure_from(server.url()).kind;
        if (std::string_view(target).find('[') != std::string_view::npos)
            EXPECT_EQ(kind, TrackerFailureKind::unreachable) << "the other family";
        else
            EXPECT_EQ(kind, TrackerFailureKind::redirect_refused) << target;
    }
}

TEST_F(Announcing, AStrangersUrlReachesNoPageOfThisMachine) {
    const CannedServer server(http_answer("200 OK", "de"));
    for (const char* path : {"/../api/shutdown?confirm=yes&x=", "?x=", "/../"}) {
        const TrackerFailure refused = failure_from(server.url() + path);
        EXPECT_EQ(refused.kind, TrackerFailureKind::reach_refused) << path;
        EXPECT_EQ(refused.retry_in, Duration::max())
            << "a warning for each attempt would be a flood";
    }
    const auto scrape = ask(*thread, server.url() + "?x=", ScrapeRequest{{InfoHash{}}}).get();
    EXPECT_EQ(scrape.error().kind, TrackerFailureKind::reach_refused);
    EXPECT_EQ(server.requests(), 0);
    (void)ask(*thread, server.url() + "?x=", announce_of(1), 1, Origin::user).get();
    EXPECT_EQ(server.requests(), 1) << "the user's word reaches it";
}

TEST_F(Announcing, WhatCountsIsTheAddressThatAHostNameHas) {
    const CannedServer server(http_answer("200 OK", "de"));
    const std::string port = server.url().substr(server.url().rfind(':'));
    EXPECT_EQ(failure_from("http://localhost" + port + "?x=").kind,
              TrackerFailureKind::reach_refused);
    EXPECT_EQ(server.requests(), 0);
}

TEST_F(Announcing, AStrangersTrackerLeadsToNoOtherPageOfItsMachine) {
    const CannedServer page(http_answer("200 OK", "de"));
    const std::string target = page.url() + "/../api/shutdown?confirm=yes";
    const CannedServer server(redirect_to(target));
    EXPECT_EQ(failure_from(server.url()).kind, TrackerFailureKind::redirect_refused);
    EXPECT_EQ(page.requests(), 0);
    (void)ask(*thread, server.url(), announce_of(1), 1, Origin::user).get();
    EXPECT_EQ(page.requests(), 1);
}

TEST(KeptPeers, ATrackerNamesPeersOfItsOwnKindOfNetwork) {
    const std::vector<Endpoint> all{*Endpoint::parse("127.0.0.1:6881"),
                                    *Endpoint::parse("10.0.0.7:6881"),
                                    *Endpoint::parse("9.9.9.9:6881")};
    const auto kept = [&](const char* told_by) {
        AnnounceResponse response;
        response.peers = all;
        TrackerResponse answer = response;
        keep_reachable(answer, *IpAddress::parse(told_by));
        return std::get<AnnounceResponse>(answer).peers.size();
    };
    EXPECT_EQ(kept("127.0.0.1"), 3U);
    EXPECT_EQ(kept("10.0.0.1"), 2U);
    EXPECT_EQ(kept("8.8.8.8"), 1U);
}

TEST_F(Announcing, RedirectsInACircleEnd) {
    const CannedServer server(redirect_to("/announce"));
    EXPECT_EQ(failure_from(server.url()).kind, TrackerFailureKind::redirect_refused);
    EXPECT_EQ(server.requests(), static_cast<int>(redirects_max) + 1);
}

TEST_F(Announcing, GarbageIsMalformed) {
    const CannedServer page(http_answer("200 OK", "<html>"));
    EXPECT_EQ(failure_from(page.url()).kind, TrackerFailureKind::malformed);
    const CannedServer noise("\x01\x02\x03 not HTTP at all\r\n\r\n");
    EXPECT_EQ(failure_from(noise.url()).kind, TrackerFailureKind::unreachable);
}

TEST_F(Announcing, ErrorStatusIsToldUnlessThereIsAReason) {
    const CannedServer missing(http_answer("404 Not Found", "nothing"));
    EXPECT_EQ(failure_from(missing.url()).kind, TrackerFailureKind::http_status);
    const CannedServer reasoned(http_answer("403 Forbidden", "d14:failure reason4:gonee"));
    EXPECT_EQ(failure_from(reasoned.url()).kind, TrackerFailureKind::refused);
}

TEST_F(Announcing, AnswersBeyondTheLimitAreCutOff) {
    const CannedServer huge(http_answer("200 OK", std::string(http_response_size_max + 1, 'x')));
    EXPECT_EQ(failure_from(huge.url()).kind, TrackerFailureKind::too_large);
}

TEST_F(Announcing, ClosedPortsAreUnreachableAtOnce) {
    const auto closed = silent_udp();
    const std::string port = std::to_string(io::local_endpoint(closed.get())->port);
    EXPECT_EQ(failure_from("http://127.0.0.1:" + port + "/announce").kind,
              TrackerFailureKind::unreachable);
    EXPECT_EQ(failure_from("udp://127.0.0.1:1/announce").kind, TrackerFailureKind::unreachable);
}

TEST_F(Announcing, UnusableUrlsFail) {
    EXPECT_EQ(failure_from("wss://tracker/announce").kind, TrackerFailureKind::bad_url);
    EXPECT_EQ(failure_from("http://127.0.0.1/x", ScrapeRequest{{InfoHash{}}}).kind,
              TrackerFailureKind::scrape_unsupported);
}

TEST_F(Announcing, CancelledJobsEndAtOnce) {
    const CannedServer silent("");
    auto first = ask(*thread, silent.url(), announce_of(1), 7);
    auto second = ask(*thread, silent.url(), announce_of(1), 8);
    thread->cancel(7);
    EXPECT_EQ(first.get().error().kind, TrackerFailureKind::cancelled);
    EXPECT_EQ(second.wait_for(50ms), std::future_status::timeout);
    thread.reset();
    EXPECT_EQ(second.get().error().kind, TrackerFailureKind::cancelled);
}

TEST_F(Announcing, ASilentTrackerGetsTheTimeThatItsJobSays) {
    const io::FileDescriptor silent = silent_udp();
    const std::string url = "udp://" + io::local_endpoint(silent.get())->to_string();
    std::promise<TrackerResult> heard;
    ASSERT_TRUE(thread->submit(
        {.id = 1,
         .url = url,
         .request = announce_of(1),
         .time_max = 50ms,
         .done = [&](auto, TrackerResult result) { heard.set_value(std::move(result)); }}));
    EXPECT_EQ(heard.get_future().get().error().kind, TrackerFailureKind::timed_out);
}

TEST_F(Announcing, GoodbyesGetTheirGraceAndNoMore) {
    const auto tracker = start_tracker({*Endpoint::parse("127.0.0.1:0")});
    const CannedServer silent("");
    AnnounceRequest stopped = announce_of(1);
    stopped.event = AnnounceEvent::stopped;
    auto hanging = ask(*thread, silent.url(), stopped);
    auto ordinary = ask(*thread, silent.url(), announce_of(1));
    auto heard = ask(*thread, "udp://" + tracker->endpoints()[0].to_string(), stopped);
    const auto begin = std::chrono::steady_clock::now();
    thread->shut_down(300ms);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    const auto goodbye = heard.get();
    EXPECT_TRUE(goodbye) << goodbye.error().sentence;
    EXPECT_EQ(hanging.get().error().kind, TrackerFailureKind::cancelled);
    EXPECT_EQ(ordinary.get().error().kind, TrackerFailureKind::cancelled);
    EXPECT_FALSE(
        thread->submit({.id = 1, .url = "", .request = stopped, .done = [](auto, auto) {}}));
}

TEST_F(Announcing, TooManyWaitingJobsAreRefusedAndAllOthersAnswered) {
    const auto silent = silent_udp();
    const std::string url = "udp://" + io::local_endpoint(silent.get())->to_string();
    std::atomic<std::size_t> answered{0};
    std::size_t accepted = 0;
    while (accepted < 2 * announces_queued_max &&
           thread->submit({.id = 1,
                           .url = url,
                           .request = announce_of(1),
                           .done = [&](auto, const auto&) { ++answered; }}))
        ++accepted;
    EXPECT_GE(accepted, announces_queued_max);
    EXPECT_LE(accepted, announces_queued_max + announces_parallel_max);
    thread.reset();
    EXPECT_EQ(answered, accepted);
}
