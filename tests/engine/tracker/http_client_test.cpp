#include "engine/tracker/http_client.hpp"

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::tracker;
using namespace std::string_literals;

namespace {

AnnounceRequest sample_request() {
    AnnounceRequest request;
    request.info_hash.bytes.fill(std::byte{0xaa});
    request.info_hash.bytes[0] = std::byte{'&'};
    request.peer_id.bytes.fill(std::byte{'p'});
    request.port = 6881;
    request.uploaded = 1;
    request.downloaded = 2;
    request.left = 3;
    request.key = 0xbeef;
    return request;
}

AnnounceResult parse(std::string_view body) {
    return parse_announce_response(as_bytes(body));
}

}  // namespace

TEST(AnnounceUrl, EncodesTheHashAndEveryField) {
    AnnounceRequest request = sample_request();
    request.event = AnnounceEvent::started;
    request.num_want = 50;
    request.ip = IpAddress::parse("192.0.2.1");
    request.tracker_id = "a b";
    const std::string aa = "%AA%AA%AA%AA%AA%AA%AA%AA%AA%AA%AA%AA%AA%AA%AA%AA%AA%AA%AA";
    EXPECT_EQ(announce_url("http://t/announce", request),
              "http://t/announce?info_hash=%26" + aa +
                  "&peer_id=pppppppppppppppppppp&port=6881&uploaded=1&downloaded=2&left=3"
                  "&compact=1&no_peer_id=1&key=0000BEEF&numwant=50&event=started&ip=192.0.2.1"
                  "&trackerid=a%20b");
}

TEST(AnnounceUrl, KeepsTheQueryAndDropsTheFragment) {
    EXPECT_TRUE(announce_url("http://t/a?passkey=7#x", sample_request())
                    .starts_with("http://t/a?passkey=7&info_hash="));
    EXPECT_TRUE(announce_url("http://t/a?", sample_request()).starts_with("http://t/a?info_hash="));
    EXPECT_EQ(announce_url("http://t/a", sample_request()).find("event="), std::string::npos);
}

TEST(ScrapeUrl, FollowsTheConvention) {
    ScrapeRequest request;
    request.info_hashes.emplace_back().bytes.fill(std::byte{'h'});
    const std::string hash = "info_hash=hhhhhhhhhhhhhhhhhhhh";
    EXPECT_EQ(scrape_url("http://t/announce", request), "http://t/scrape?" + hash);
    EXPECT_EQ(scrape_url("http://t/x/announce.php?k=/1", request),
              "http://t/x/scrape.php?k=/1&" + hash);
    EXPECT_FALSE(scrape_url("http://t/a", request));
    EXPECT_FALSE(scrape_url("http://announce", request));
    EXPECT_FALSE(scrape_url("http://t/announce/x", request));
}

TEST(AnnounceResponse, ReadsCompactPeersOfBothFamilies) {
    const std::string peers6 = std::string(15, '\0') + "\x01\x1a\xe1";
    const auto response = parse(
        "d8:completei5e11:external ip4:\x0a\x01\x02\x03"
        "10:incompletei7e8:intervali1800e12:min intervali60e"
        "5:peers6:\xc0\x00\x02\x01\x1a\xe1"
        "6:peers618:"s +
        peers6 + "10:tracker id3:abc15:warning message4:\x1b[1me");
    ASSERT_TRUE(response) << response.error().sentence;
    EXPECT_EQ(response->interval, 30min);
    EXPECT_EQ(response->min_interval, 1min);
    EXPECT_EQ(response->seeders, 5U);
    EXPECT_EQ(response->leechers, 7U);
    EXPECT_EQ(response->tracker_id, "abc");
    EXPECT_EQ(response->warning, "_[1m");
    EXPECT_EQ(response->external_ip, IpAddress::parse("10.1.2.3"));
    EXPECT_EQ(response->peers,
              (std::vector{*Endpoint::parse("192.0.2.1:6881"), *Endpoint::parse("[::1]:6881")}));
}

TEST(AnnounceResponse, ReadsPlainPeersAndSkipsWhatCannotBeDialled) {
    const auto response = parse(
        "d5:peersl"
        "d2:ip9:192.0.2.17:peer id20:aaaaaaaaaaaaaaaaaaaa4:porti6881ee"
        "d2:ip3:::14:porti1ee"
        "d2:ip9:192.0.2.14:porti6881ee"  // again
        "d2:ip9:192.0.2.14:porti0ee"
        "d2:ip9:192.0.2.14:porti65536ee"
        "d2:ip7:0.0.0.04:porti1ee"
        "d2:ip9:224.0.0.14:porti1ee"
        "d2:ip4:host4:porti1ee"
        "i3eee");
    ASSERT_TRUE(response) << response.error().sentence;
    EXPECT_EQ(response->peers,
              (std::vector{*Endpoint::parse("192.0.2.1:6881"), *Endpoint::parse("[::1]:1")}));
    EXPECT_EQ(response->interval, announce_interval_default);
    EXPECT_EQ(response->min_interval, Duration::zero());
}

TEST(AnnounceResponse, ClampsIntervals) {
    EXPECT_EQ(parse("d8:intervali0ee")->interval, announce_interval_min);
    EXPECT_EQ(parse("d8:intervali-7ee")->interval, announce_interval_min);
    EXPECT_EQ(parse("d8:intervali9223372036854775807ee")->interval, announce_interval_max);
}

TEST(AnnounceResponse, TakesNoMorePeersThanItsLimit) {
    std::string compact;
    for (std::size_t i = 0; i < response_peers_max + 1; ++i) {
        std::vector<std::byte> peer;
        append_compact(peer, {*IpAddress::parse("192.0.2.1"), static_cast<std::uint16_t>(i + 1)});
        compact += as_text(peer);
    }
    const auto response = parse("d5:peers" + std::to_string(compact.size()) + ":" + compact + "e");
    EXPECT_EQ(response->peers.size(), response_peers_max);
}

TEST(AnnounceResponse, FailureReasonAndRetryTime) {
    const auto refused = parse("d14:failure reason4:gone8:retry ini5ee");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, TrackerFailureKind::refused);
    EXPECT_EQ(refused.error().sentence, "the tracker says: gone");
    EXPECT_EQ(refused.error().retry_in, 5min);
    EXPECT_EQ(parse("d14:failure reason0:8:retry in5:nevere").error().retry_in, Duration::max());
    EXPECT_EQ(parse("d14:failure reason9:a\xff\xc2\x9b\xe2\x80\xae\nbe").error().sentence,
              "the tracker says: a___ b")
        << "an invalid byte, a control of two bytes, a mark that turns the text around, a line";
    const auto longest = parse("d14:failure reason600:" + std::string(600, 'x') + "e");
    EXPECT_LE(longest.error().sentence.size(), tracker_text_size_max + 20);
}

TEST(AnnounceResponse, ANewLineBehindItIsIgnored) {
    EXPECT_EQ(parse("d8:intervali1800e5:peers0:e\r\n")->interval, 30min);
}

TEST(AnnounceResponse, GarbageIsMalformed) {
    for (const char* body : {"", "<html>", "le", "d5:peers", "i1e"}) {
        const auto response = parse(body);
        ASSERT_FALSE(response) << body;
        EXPECT_EQ(response.error().kind, TrackerFailureKind::malformed);
    }
    const std::string huge(http_response_size_max + 1, 'x');
    EXPECT_FALSE(parse(huge));
}

TEST(AnnounceResponse, SecondFamilyIsMerged) {
    AnnounceResponse first;
    first.interval = 10min;
    first.peers = {*Endpoint::parse("192.0.2.1:1")};
    AnnounceResponse second;
    second.interval = 20min;
    second.seeders = 3;
    second.peers = {*Endpoint::parse("192.0.2.1:1"), *Endpoint::parse("[::2]:1")};
    merge_response(first, second);
    EXPECT_EQ(first.peers.size(), 2U);
    EXPECT_EQ(first.interval, 20min);
    EXPECT_EQ(first.seeders, 3U);
}

TEST(ScrapeResponse, ReadsCountsOfEachTorrent) {
    const std::string hash(20, 'h');
    const std::string body =
        "d5:filesd5:shortdee20:" + hash + "d8:completei1e10:downloadedi2e10:incompletei3eeee";
    const auto wrong_order = parse_scrape_response(as_bytes(body));
    EXPECT_FALSE(wrong_order) << "an end too many";
    const std::string right =
        "d5:filesd20:" + hash + "d8:completei1e10:downloadedi2e10:incompletei3ee5:shortdeee";
    const auto response = parse_scrape_response(as_bytes(right));
    ASSERT_TRUE(response) << response.error().sentence;
    ASSERT_EQ(response->torrents.size(), 1U);
    EXPECT_EQ(response->torrents[0].counts, (ScrapeCounts{1, 2, 3}));
    EXPECT_FALSE(parse_scrape_response(as_bytes("de")));
}

TEST(ScrapeResponse, TakesNoMoreTorrentsThanItsLimit) {
    std::string body = "d5:filesd";
    for (std::size_t i = 0; i < scrape_torrents_max + 1; ++i) {
        std::string hash = std::to_string(100 + i);
        hash.resize(20, 'x');
        body += "20:" + hash + "de";
    }
    const auto response = parse_scrape_response(as_bytes(body + "ee"));
    ASSERT_TRUE(response) << response.error().sentence;
    EXPECT_EQ(response->torrents.size(), scrape_torrents_max);
}
