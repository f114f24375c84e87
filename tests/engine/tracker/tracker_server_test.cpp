#include "engine/tracker/tracker_server.hpp"

#include <algorithm>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::tracker;

namespace {

const Time start{10h};
const SipKey key{1, 2};

InfoHash torrent(unsigned number) {
    InfoHash hash;
    store_be(hash.bytes.data(), number);
    return hash;
}

AnnounceRequest from_port(std::uint16_t port, std::uint64_t left = 1, unsigned number = 0) {
    AnnounceRequest request;
    request.info_hash = torrent(number);
    request.port = port;
    request.left = left;
    return request;
}

const IpAddress alice = *IpAddress::parse("192.0.2.1");
const IpAddress bob = *IpAddress::parse("192.0.2.2");
const IpAddress carol = *IpAddress::parse("2001:db8::1");

TrackerServer server_with(TrackerServer::Options options = {}) {
    return {std::move(options), key, Prng(1)};
}

}  // namespace

TEST(TrackerServer, PeersHearOfEachOtherAndNotOfThemselves) {
    TrackerServer server = server_with();
    EXPECT_TRUE(server.handle_announce(from_port(1), alice, start)->peers.empty());
    const auto response = server.handle_announce(from_port(2), bob, start);
    EXPECT_EQ(response->peers, (std::vector{Endpoint{alice, 1}}));
    EXPECT_EQ(response->leechers, 2U);
    EXPECT_EQ(response->seeders, 0U);
    EXPECT_EQ(response->external_ip, bob);
    EXPECT_EQ(response->interval, 30min);
}

TEST(TrackerServer, FamiliesAreKeptApart) {
    TrackerServer server = server_with();
    (void)server.handle_announce(from_port(1), alice, start);
    EXPECT_TRUE(server.handle_announce(from_port(2), carol, start)->peers.empty());
    EXPECT_EQ(server.handle_announce(from_port(3), bob, start)->peers.size(), 1U);
    EXPECT_EQ(server.counts(torrent(0)), (ScrapeCounts{0, 0, 3}));
}

TEST(TrackerServer, SeedsHearOfLeechersOnly) {
    TrackerServer server = server_with();
    (void)server.handle_announce(from_port(1, 0), alice, start);
    EXPECT_TRUE(server.handle_announce(from_port(2, 0), bob, start)->peers.empty());
    (void)server.handle_announce(from_port(3, 5), bob, start);
    EXPECT_EQ(server.handle_announce(from_port(1, 0), alice, start)->peers,
              (std::vector{Endpoint{bob, 3}}));
}

TEST(TrackerServer, StoppedPeersAreForgottenAtOnce) {
    TrackerServer server = server_with();
    (void)server.handle_announce(from_port(1), alice, start);
    AnnounceRequest stopped = from_port(1);
    stopped.event = AnnounceEvent::stopped;
    const auto response = server.handle_announce(stopped, alice, start);
    EXPECT_EQ(response->leechers, 0U);
    EXPECT_TRUE(server.handle_announce(from_port(2), bob, start)->peers.empty());
}

TEST(TrackerServer, StoppedForAnUnknownTorrentStoresNothing) {
    TrackerServer server = server_with();
    AnnounceRequest stopped = from_port(1);
    stopped.event = AnnounceEvent::stopped;
    EXPECT_TRUE(server.handle_announce(stopped, alice, start));
    EXPECT_EQ(server.statistics().torrents, 0U);
}

TEST(TrackerServer, CompletedIsCountedOnceForALeecherThatWasKnown) {
    TrackerServer server = server_with();
    (void)server.handle_announce(from_port(1), alice, start);
    AnnounceRequest completed = from_port(1, 0);
    completed.event = AnnounceEvent::completed;
    (void)server.handle_announce(completed, alice, start);
    (void)server.handle_announce(completed, alice, start);
    (void)server.handle_announce(completed, bob, start);
    EXPECT_EQ(server.counts(torrent(0)), (ScrapeCounts{2, 1, 0}));
}

TEST(TrackerServer, SilentPeersAreForgottenAfterTwoIntervals) {
    TrackerServer server = server_with();
    (void)server.handle_announce(from_port(1), alice, start);
    EXPECT_EQ(server.handle_announce(from_port(2), bob, start + 60min)->peers.size(), 1U);
    EXPECT_TRUE(server.handle_announce(from_port(2), bob, start + 61min)->peers.empty());
    EXPECT_TRUE(server.next_timeout());
    for (int i = 0; i < 200; ++i) server.handle_timeout(start + 3h + i * 1s);
    EXPECT_EQ(server.statistics().torrents, 0U);
    EXPECT_EQ(server.statistics().leechers, 0U);
    EXPECT_FALSE(server.next_timeout());
}

TEST(TrackerServer, GivesNoMorePeersThanAskedForAndAllowed) {
    TrackerServer server = server_with();
    for (std::uint16_t port = 1; port <= 300; ++port)
        (void)server.handle_announce(from_port(port), alice, start);
    const auto wanting = [&](std::int32_t num_want) {
        AnnounceRequest request = from_port(1);
        request.num_want = num_want;
        return server.handle_announce(request, bob, start)->peers.size();
    };
    EXPECT_EQ(wanting(-1), 50U);
    EXPECT_EQ(wanting(0), 0U);
    EXPECT_EQ(wanting(7), 7U);
    EXPECT_EQ(wanting(1'000'000), 200U);
}

TEST(TrackerServer, RefusesTorrentsThatAreNotAllowed) {
    TrackerServer server = server_with({.only_allowed = true, .allowed = {torrent(1)}});
    EXPECT_EQ(server.handle_announce(from_port(1, 1, 2), alice, start).error(),
              AnnounceRefusal::unknown_torrent);
    EXPECT_TRUE(server.handle_announce(from_port(1, 1, 1), alice, start));
    server.allow(torrent(2));
    EXPECT_TRUE(server.handle_announce(from_port(1, 1, 2), alice, start));
    EXPECT_EQ(server.statistics().announces_refused, 1U);
}

TEST(TrackerServer, LimitsTorrents) {
    TrackerServer server = server_with({.limits = {.torrents_max = 1}});
    EXPECT_TRUE(server.handle_announce(from_port(1, 1, 1), alice, start));
    EXPECT_EQ(server.handle_announce(from_port(1, 1, 2), alice, start).error(),
              AnnounceRefusal::too_many_torrents);
}

TEST(TrackerServer, LimitsPeersOfATorrentAndInTotal) {
    TrackerServer of_torrent = server_with({.limits = {.peers_per_torrent_max = 1}});
    EXPECT_TRUE(of_torrent.handle_announce(from_port(1), alice, start));
    EXPECT_TRUE(of_torrent.handle_announce(from_port(1), alice, start)) << "known already";
    EXPECT_EQ(of_torrent.handle_announce(from_port(1), bob, start).error(),
              AnnounceRefusal::too_many_peers);
    EXPECT_TRUE(of_torrent.handle_announce(from_port(1, 1, 2), bob, start));

    TrackerServer in_total = server_with({.limits = {.peers_max = 1}});
    EXPECT_TRUE(in_total.handle_announce(from_port(1), alice, start));
    EXPECT_EQ(in_total.handle_announce(from_port(1, 1, 2), bob, start).error(),
              AnnounceRefusal::too_many_peers);
}

TEST(TrackerServer, LimitsPeersOfAnAddressUntilTheyStop) {
    TrackerServer server = server_with({.limits = {.peers_per_address_max = 1}});
    const IpAddress neighbour = *IpAddress::parse("2001:db8::ffff");
    EXPECT_TRUE(server.handle_announce(from_port(1), carol, start));
    EXPECT_EQ(server.handle_announce(from_port(1), neighbour, start).error(),
              AnnounceRefusal::too_many_peers_of_address)
        << "the same /64";
    AnnounceRequest stopped = from_port(1);
    stopped.event = AnnounceEvent::stopped;
    (void)server.handle_announce(stopped, carol, start);
    EXPECT_TRUE(server.handle_announce(from_port(1), neighbour, start));
}

TEST(TrackerServer, BelievesAnAddressOnlyFromBesideIt) {
    TrackerServer server = server_with();
    AnnounceRequest request = from_port(1);
    request.ip = alice;
    (void)server.handle_announce(request, bob, start);
    (void)server.handle_announce(request, *IpAddress::parse("127.0.0.1"), start);
    request.ip = IpAddress::parse("224.0.0.1");
    (void)server.handle_announce(request, *IpAddress::parse("127.0.0.2"), start);
    const auto response =
        server.handle_announce(from_port(9), *IpAddress::parse("127.0.0.1"), start);
    std::vector<Endpoint> peers = response->peers;
    std::ranges::sort(peers);
    EXPECT_EQ(peers,
              (std::vector{*Endpoint::parse("127.0.0.2:1"), Endpoint{alice, 1}, Endpoint{bob, 1}}));
}

TEST(TrackerServer, AnAskerWithoutAPortIsNotStored) {
    TrackerServer server = server_with();
    (void)server.handle_announce(from_port(1), alice, start);
    EXPECT_EQ(server.handle_announce(from_port(0), bob, start)->peers.size(), 1U);
    EXPECT_EQ(server.counts(torrent(0))->leechers, 1U);
}

TEST(TrackerServer, ScrapesKnownAndUnknownTorrents) {
    TrackerServer server = server_with();
    (void)server.handle_announce(from_port(1, 0), alice, start);
    const std::vector<InfoHash> asked{torrent(0), torrent(1)};
    const auto response = server.handle_scrape(asked);
    EXPECT_EQ(response.torrents[0].counts, (ScrapeCounts{1, 0, 0}));
    EXPECT_EQ(response.torrents[1].counts, (ScrapeCounts{}));
    const std::vector<InfoHash> many(scrape_torrents_max + 1);
    EXPECT_EQ(server.handle_scrape(many).torrents.size(), scrape_torrents_max);
}
