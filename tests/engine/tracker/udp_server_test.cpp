#include "engine/tracker/udp_server.hpp"

#include <utility>

#include <gtest/gtest.h>

#include "engine/tracker/udp_client.hpp"

using namespace spate;
using namespace spate::tracker;

namespace {

const Time start{10h};

AnnounceRequest announce_from(std::uint16_t port) {
    AnnounceRequest request;
    request.info_hash.bytes.fill(std::byte{7});
    request.port = port;
    request.left = 1;
    return request;
}

/// A tracker and clients that talk to it without a network.
class UdpTracker : public testing::Test {
protected:
    TrackerResult ask(TrackerRequest request, const Endpoint& from, Time now = start) {
        UdpTrackerRequest client(std::move(request),
                                 {.family = from.address.family(), .request_string = "/announce"},
                                 Prng(3));
        while (const auto datagram = client.poll_output(now)) {
            EXPECT_TRUE(udp.handle_datagram(*datagram, from, now, answer));
            client.handle_datagram(answer, now);
        }
        return *client.result();
    }

    TrackerServer server{{}, {1, 2}, Prng(1)};
    UdpTrackerServer udp{server, {3, 4}};
    std::vector<std::byte> answer;
    const Endpoint alice = *Endpoint::parse("192.0.2.1:1000");
    const Endpoint bob = *Endpoint::parse("192.0.2.2:1000");
};

}  // namespace

TEST_F(UdpTracker, ConnectsAnnouncesAndScrapes) {
    ASSERT_TRUE(ask(announce_from(1), alice));
    const auto second = ask(announce_from(2), bob);
    ASSERT_TRUE(second) << second.error().sentence;
    const auto& response = std::get<AnnounceResponse>(*second);
    EXPECT_EQ(response.peers, (std::vector{Endpoint{alice.address, 1}}));
    EXPECT_EQ(response.leechers, 2U);
    EXPECT_EQ(response.interval, 30min);
    ScrapeRequest scrape{{announce_from(1).info_hash, InfoHash{}}};
    const auto scraped = ask(scrape, bob);
    ASSERT_TRUE(scraped);
    EXPECT_EQ(std::get<ScrapeResponse>(*scraped).torrents[0].counts, (ScrapeCounts{0, 0, 2}));
    EXPECT_EQ(std::get<ScrapeResponse>(*scraped).torrents[1].counts, (ScrapeCounts{0, 0, 0}));
}

TEST_F(UdpTracker, AnswersIpv6WithLongPeersThatFitADatagram) {
    for (std::uint16_t port = 1; port <= 200; ++port)
        ASSERT_TRUE(ask(announce_from(port), *Endpoint::parse("[2001:db8::1]:9")));
    AnnounceRequest greedy = announce_from(999);
    greedy.num_want = 200;
    const auto response = ask(greedy, *Endpoint::parse("[2001:db8::2]:9"));
    ASSERT_TRUE(response);
    EXPECT_LE(answer.size(), udp_response_size_max);
    EXPECT_EQ(std::get<AnnounceResponse>(*response).peers.size(), 67U);
}

TEST_F(UdpTracker, ConnectionIdsBelongToAnAddressAndLiveForAMinuteAtLeast) {
    std::vector<std::byte> connect;
    ByteWriter(connect).write(udp_protocol_id).write(std::uint32_t{0}).write(std::uint32_t{5});
    ASSERT_TRUE(udp.handle_datagram(connect, alice, start, answer));
    const auto id = load_be<std::uint64_t>(answer.data() + 8);
    std::vector<std::byte> scrape;
    scrape.reserve(36);  // GCC 12 warns of the growth otherwise
    ByteWriter(scrape)
        .write(id)
        .write(std::uint32_t{2})
        .write(std::uint32_t{6})
        .write_bytes(InfoHash{}.bytes);
    const auto action_for = [&](const Endpoint& from, Time now) {
        EXPECT_TRUE(udp.handle_datagram(scrape, from, now, answer));
        EXPECT_EQ(load_be<std::uint32_t>(answer.data() + 4), 6U);
        return static_cast<UdpAction>(load_be<std::uint32_t>(answer.data()));
    };
    EXPECT_EQ(action_for(alice, start), UdpAction::scrape);
    EXPECT_EQ(action_for(alice, start + 60s), UdpAction::scrape);
    EXPECT_EQ(action_for(alice, start + 120s), UdpAction::error);
    EXPECT_LE(answer.size(), 16U) << "no amplification";
    EXPECT_EQ(action_for(bob, start), UdpAction::error);
}

TEST_F(UdpTracker, RefusalsAreErrors) {
    TrackerServer strict({.only_allowed = true}, {1, 2}, Prng(1));
    UdpTrackerServer strict_udp(strict, {3, 4});
    UdpTrackerRequest client(announce_from(1), {}, Prng(3));
    while (const auto datagram = client.poll_output(start)) {
        ASSERT_TRUE(strict_udp.handle_datagram(*datagram, alice, start, answer));
        client.handle_datagram(answer, start);
    }
    EXPECT_EQ(client.result()->error().sentence,
              "the tracker says: this torrent is not tracked here");
}

TEST_F(UdpTracker, GarbageGetsNoAnswer) {
    for (std::size_t size = 0; size < 16; ++size)
        EXPECT_FALSE(udp.handle_datagram(std::vector<std::byte>(size), alice, start, answer));
    std::vector<std::byte> wrong_magic(16);
    EXPECT_FALSE(udp.handle_datagram(wrong_magic, alice, start, answer));
}
