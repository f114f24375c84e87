#include "engine/tracker/http_server_codec.hpp"

#include <gtest/gtest.h>

#include "engine/tracker/http_client.hpp"

using namespace spate;
using namespace spate::tracker;

namespace {

const Time start{10h};
const IpAddress alice = *IpAddress::parse("192.0.2.1");
const IpAddress bob = *IpAddress::parse("192.0.2.2");
const IpAddress carol = *IpAddress::parse("2001:db8::1");
const std::string identity = "info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb";

std::optional<HttpRequest> parse(std::string_view text) {
    HttpRequestParser parser;
    EXPECT_TRUE(parser.handle_bytes(as_bytes(text)));
    return parser.poll_request();
}

HttpRequest get(std::string_view target) {
    const auto request = parse("GET " + std::string(target) + " HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_TRUE(request);
    return *request;
}

unsigned fault_of(const std::optional<HttpRequest>& request) {
    return request ? std::get<HttpFault>(request->route).status : 0;
}

Bytes body_of(std::string_view response) {
    return as_bytes(response.substr(response.find("\r\n\r\n") + 4));
}

}  // namespace

TEST(HttpRequestParser, ReadsAnAnnounceByteByByte) {
    AnnounceRequest sent;
    for (unsigned i = 0; i < 20; ++i) sent.info_hash.bytes[i] = static_cast<std::byte>(i * 13);
    sent.peer_id.bytes.fill(std::byte{0xff});
    sent.port = 6881;
    sent.uploaded = 1;
    sent.downloaded = 2;
    sent.left = 3;
    sent.key = 0xabc;
    sent.num_want = 4;
    sent.event = AnnounceEvent::completed;
    sent.ip = alice;
    const std::string text =
        "GET " + announce_url("/announce", sent) + " HTTP/1.1\r\nHost: t\r\n\r\n";
    HttpRequestParser parser;
    for (std::size_t i = 0; i < text.size(); ++i) {
        EXPECT_FALSE(parser.poll_request());
        ASSERT_TRUE(parser.handle_bytes(as_bytes(text).subspan(i, 1)));
    }
    const auto request = parser.poll_request();
    ASSERT_TRUE(request && std::holds_alternative<HttpAnnounce>(request->route));
    const AnnounceRequest& got = std::get<HttpAnnounce>(request->route).request;
    EXPECT_EQ(got.info_hash, sent.info_hash);
    EXPECT_EQ(got.peer_id, sent.peer_id);
    EXPECT_EQ(got.port, 6881);
    EXPECT_EQ(got.uploaded, 1U);
    EXPECT_EQ(got.downloaded, 2U);
    EXPECT_EQ(got.left, 3U);
    EXPECT_EQ(got.key, 0xabcU);
    EXPECT_EQ(got.num_want, 4);
    EXPECT_EQ(got.event, AnnounceEvent::completed);
    EXPECT_EQ(got.ip, alice);
    EXPECT_TRUE(std::get<HttpAnnounce>(request->route).compact);
}

TEST(HttpRequestParser, KeepsTheConnectionAsTheVersionsSay) {
    EXPECT_TRUE(parse("GET / HTTP/1.1\r\n\r\n")->keep_alive);
    EXPECT_FALSE(parse("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n")->keep_alive);
    EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n")->keep_alive);
    EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")->keep_alive);
}

TEST(HttpRequestParser, YieldsPipelinedRequestsInOrder) {
    HttpRequestParser parser;
    ASSERT_TRUE(parser.handle_bytes(as_bytes("GET / HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\n\r\nGET")));
    EXPECT_TRUE(std::holds_alternative<HttpStatistics>(parser.poll_request()->route));
    EXPECT_EQ(fault_of(parser.poll_request()), 404U);
    EXPECT_FALSE(parser.poll_request());
    EXPECT_EQ(parser.buffered_bytes(), 3U);
}

TEST(HttpRequestParser, UnderstandsTheTargetThatProxiesAreSent) {
    EXPECT_TRUE(std::holds_alternative<HttpStatistics>(get("http://t:80").route));
    EXPECT_TRUE(std::holds_alternative<HttpAnnounce>(
        get("http://t/announce?" + identity + "&port=1").route));
}

TEST(HttpRequestParser, FaultsCloseTheConnection) {
    EXPECT_EQ(fault_of(parse("garbage\r\n\r\n")), 400U);
    EXPECT_EQ(fault_of(parse("GET / HTTP/2.0\r\n\r\n")), 400U);
    EXPECT_EQ(fault_of(parse("GET /\x01 HTTP/1.1\r\n\r\n")), 400U);
    EXPECT_EQ(fault_of(parse("POST / HTTP/1.1\r\n\r\n")), 405U);
    EXPECT_EQ(fault_of(parse("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n")), 413U);
    EXPECT_EQ(fault_of(parse("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")), 413U);
    EXPECT_TRUE(parse("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n")->keep_alive);
    HttpRequestParser parser;
    ASSERT_TRUE(parser.handle_bytes(as_bytes("x\r\n\r\nGET / HTTP/1.1\r\n\r\n")));
    EXPECT_FALSE(parser.poll_request()->keep_alive);
    EXPECT_FALSE(parser.poll_request());
}

TEST(HttpRequestParser, LimitsTheHeadAndTheBuffer) {
    EXPECT_FALSE(parse(std::string(http_request_head_size_max, 'x')));
    EXPECT_EQ(fault_of(parse(std::string(http_request_head_size_max + 1, 'x'))), 431U);
    HttpRequestParser parser;
    const std::string most(http_request_buffer_max, 'x');
    EXPECT_TRUE(parser.handle_bytes(as_bytes(most)));
    EXPECT_FALSE(parser.handle_bytes(as_bytes("x")));
}

TEST(HttpAnnounceQuery, SaysWhatIsWrong) {
    EXPECT_EQ(parse_announce_query("").error(), "info_hash is missing");
    EXPECT_EQ(parse_announce_query("info_hash=abc").error(), "info_hash is not 20 bytes");
    EXPECT_EQ(parse_announce_query("info_hash=aaaaaaaaaaaaaaaaaaaa").error(), "peer_id is missing");
    EXPECT_EQ(parse_announce_query(identity).error(), "port is missing");
    EXPECT_EQ(parse_announce_query(identity + "&port=65536").error(), "port is not a port number");
    EXPECT_EQ(parse_announce_query(identity + "&port=%1").error(), "a percent escape is broken");
}

TEST(HttpAnnounceQuery, ToleratesWhatClientsSend) {
    const auto odd =
        parse_announce_query(identity + "&&x&port=1&left=-1&numwant=lots&event=paused");
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->request.left, UINT64_MAX) << "before the metadata is there";
    EXPECT_EQ(odd->request.num_want, -1);
    EXPECT_EQ(odd->request.event, AnnounceEvent::none);
}

TEST(HttpScrapeQuery, TakesHashesUpToItsLimit) {
    EXPECT_FALSE(parse_scrape_query(""));
    EXPECT_FALSE(parse_scrape_query("info_hash=short"));
    std::string query;
    for (std::size_t i = 0; i <= scrape_torrents_max; ++i)
        query += "&info_hash=aaaaaaaaaaaaaaaaaaaa";
    EXPECT_EQ(parse_scrape_query(query)->info_hashes.size(), scrape_torrents_max);
}

TEST(HttpTracker, AnswersWhatTheClientReads) {
    TrackerServer server({}, {1, 2}, Prng(1));
    (void)answer_http(server, get("/announce?" + identity + "&port=1&left=0"), alice, start);
    const std::string text =
        answer_http(server, get("/announce?" + identity + "&port=2&left=1"), bob, start);
    EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"));
    EXPECT_NE(text.find("\r\nConnection: keep-alive\r\n"), std::string::npos);
    const auto response = parse_announce_response(body_of(text));
    ASSERT_TRUE(response) << response.error().sentence;
    EXPECT_EQ(response->peers, (std::vector{Endpoint{alice, 1}}));
    EXPECT_EQ(response->interval, 30min);
    EXPECT_EQ(response->seeders, 1U);
    EXPECT_EQ(response->leechers, 1U);
    EXPECT_EQ(response->external_ip, bob);

    const std::string plain =
        answer_http(server, get("/announce?" + identity + "&port=3&compact=0"), bob, start);
    EXPECT_EQ(parse_announce_response(body_of(plain))->peers.size(), 2U);
    EXPECT_NE(plain.find("5:peersld2:ip9:192.0.2."), std::string::npos);

    const std::string scraped =
        answer_http(server, get("/scrape?info_hash=aaaaaaaaaaaaaaaaaaaa"), bob, start);
    EXPECT_EQ(parse_scrape_response(body_of(scraped))->torrents[0].counts, (ScrapeCounts{1, 0, 2}));
}

TEST(HttpTracker, AnswersIpv6WithPeers6) {
    TrackerServer server({}, {1, 2}, Prng(1));
    (void)answer_http(server, get("/announce?" + identity + "&port=1"), carol, start);
    const std::string text =
        answer_http(server, get("/announce?" + identity + "&port=2"), carol, start);
    EXPECT_NE(text.find("5:peers0:6:peers618:"), std::string::npos);
    EXPECT_EQ(parse_announce_response(body_of(text))->peers, (std::vector{Endpoint{carol, 1}}));
}

TEST(HttpTracker, RefusalsAreFailureReasons) {
    TrackerServer server({.only_allowed = true}, {1, 2}, Prng(1));
    const auto reason = [&](std::string_view target) {
        return parse_announce_response(body_of(answer_http(server, get(target), alice, start)))
            .error()
            .sentence;
    };
    EXPECT_EQ(reason("/announce?" + identity + "&port=1"),
              "the tracker says: this torrent is not tracked here");
    EXPECT_EQ(reason("/announce"), "the tracker says: info_hash is missing");
}

TEST(HttpTracker, OtherPagesAndHead) {
    TrackerServer server({}, {1, 2}, Prng(1));
    const std::string page = answer_http(server, get("/"), alice, start);
    EXPECT_NE(page.find("\r\n\r\nspate tracker\ntorrents 0\n"), std::string::npos);
    EXPECT_TRUE(answer_http(server, get("/x"), alice, start).starts_with("HTTP/1.1 404 "));
    const auto head = parse("HEAD / HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(answer_http(server, *head, alice, start).ends_with("\r\n\r\n"));
}
