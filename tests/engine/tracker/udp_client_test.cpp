#include "engine/tracker/udp_client.hpp"

#include <utility>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::tracker;

namespace {

const Time start{100s};

AnnounceRequest sample_announce() {
    AnnounceRequest request;
    request.info_hash.bytes.fill(std::byte{1});
    request.peer_id.bytes.fill(std::byte{2});
    request.port = 6881;
    request.downloaded = 10;
    request.left = 11;
    request.uploaded = 12;
    request.event = AnnounceEvent::started;
    request.key = 13;
    return request;
}

/// The tracker's side of the conversation, by hand.
std::vector<std::byte> answer(UdpAction action, Bytes question) {
    std::vector<std::byte> out;
    ByteWriter(out)
        .write(std::to_underlying(action))
        .write(load_be<std::uint32_t>(question.data() + 12));
    return out;
}

std::vector<std::byte> connect_answer(Bytes question, std::uint64_t id) {
    auto out = answer(UdpAction::connect, question);
    ByteWriter(out).write(id);
    return out;
}

std::vector<std::byte> announce_answer(Bytes question) {
    auto out = answer(UdpAction::announce, question);
    ByteWriter(out).write(std::uint32_t{1800}).write(std::uint32_t{7}).write(std::uint32_t{5});
    return out;
}

std::uint32_t action_of(Bytes datagram) {
    return load_be<std::uint32_t>(datagram.data() + 8);
}

}  // namespace

TEST(UdpTrackerRequest, ConnectsThenAnnounces) {
    UdpTrackerRequest request(sample_announce(), {.request_string = "/announce?k=1"}, Prng(1));
    const auto connect = request.poll_output(start);
    ASSERT_TRUE(connect);
    EXPECT_EQ(connect->size(), 16U);
    EXPECT_EQ(load_be<std::uint64_t>(connect->data()), udp_protocol_id);
    EXPECT_FALSE(request.poll_output(start));
    request.handle_datagram(connect_answer(*connect, 0x1122334455667788), start);

    const auto announce = request.poll_output(start);
    ASSERT_TRUE(announce);
    ASSERT_EQ(announce->size(), 98U + 2 + 13 + 1);
    EXPECT_EQ(load_be<std::uint64_t>(announce->data()), 0x1122334455667788U);
    EXPECT_EQ(action_of(*announce), 1U);
    EXPECT_EQ((*announce)[16], std::byte{1}) << "info-hash";
    EXPECT_EQ((*announce)[36], std::byte{2}) << "peer id";
    EXPECT_EQ(load_be<std::uint64_t>(announce->data() + 56), 10U) << "downloaded";
    EXPECT_EQ(load_be<std::uint64_t>(announce->data() + 64), 11U) << "left";
    EXPECT_EQ(load_be<std::uint64_t>(announce->data() + 72), 12U) << "uploaded";
    EXPECT_EQ(load_be<std::uint32_t>(announce->data() + 80), 2U) << "started";
    EXPECT_EQ(load_be<std::uint32_t>(announce->data() + 88), 13U) << "key";
    EXPECT_EQ(load_be<std::uint32_t>(announce->data() + 92), 0xffffffffU) << "num_want";
    EXPECT_EQ(load_be<std::uint16_t>(announce->data() + 96), 6881U);
    EXPECT_EQ(as_text(Bytes(*announce).subspan(98, 15)), "\x02\x0d/announce?k=1");

    auto reply = announce_answer(*announce);
    append_compact(reply, *Endpoint::parse("192.0.2.1:1"));
    append_compact(reply, *Endpoint::parse("0.0.0.0:1"));
    request.handle_datagram(reply, start);
    ASSERT_TRUE(request.result() && *request.result());
    const auto& response = std::get<AnnounceResponse>(**request.result());
    EXPECT_EQ(response.interval, 30min);
    EXPECT_EQ(response.leechers, 7U);
    EXPECT_EQ(response.seeders, 5U);
    EXPECT_EQ(response.peers, std::vector{*Endpoint::parse("192.0.2.1:1")});
    EXPECT_EQ(request.next_timeout(), std::nullopt);
}

TEST(UdpTrackerRequest, TrackerOnIpv6SendsLongPeers) {
    UdpTrackerRequest request(sample_announce(),
                              {.family = IpAddress::Family::v6,
                               .request_string = {},
                               .connection = UdpConnection{9, start}},
                              Prng(1));
    const auto announce = request.poll_output(start);
    EXPECT_EQ(announce->size(), 98U);
    auto reply = announce_answer(*announce);
    append_compact(reply, *Endpoint::parse("[2001:db8::1]:1"));
    request.handle_datagram(reply, start);
    EXPECT_EQ(std::get<AnnounceResponse>(**request.result()).peers,
              std::vector{*Endpoint::parse("[2001:db8::1]:1")});
}

TEST(UdpTrackerRequest, LongRequestStringsAreSentInParts) {
    UdpTrackerRequest request(sample_announce(),
                              {.family = {},
                               .request_string = std::string(udp_request_string_size_max + 1, 'q'),
                               .connection = UdpConnection{9, start}},
                              Prng(1));
    EXPECT_EQ(request.poll_output(start)->size(), 98U + udp_request_string_size_max + 5 * 2 + 1);
}

TEST(UdpTrackerRequest, RepeatsItselfAfterDoublingWaitsAndGivesUp) {
    UdpTrackerRequest request(sample_announce(), {}, Prng(1));
    const auto first = request.poll_output(start);
    EXPECT_EQ(request.next_timeout(), start + 15s);
    EXPECT_FALSE(request.poll_output(start + 14s));
    const auto second = request.poll_output(start + 15s);
    EXPECT_EQ(second, first) << "a late answer to the first is still good";
    EXPECT_EQ(request.next_timeout(), start + 45s);
    EXPECT_TRUE(request.poll_output(start + 45s));
    EXPECT_EQ(request.next_timeout(), start + 105s);
    EXPECT_FALSE(request.poll_output(start + 105s));
    EXPECT_EQ(request.result()->error().kind, TrackerFailureKind::timed_out);
}

TEST(UdpTrackerRequest, ConnectsAnewWhenTheConnectionIdIsTooOld) {
    UdpTrackerRequest request(sample_announce(), {}, Prng(1));
    const auto connect = request.poll_output(start);
    request.handle_datagram(connect_answer(*connect, 5), start);
    EXPECT_EQ(action_of(*request.poll_output(start)), 1U);
    EXPECT_EQ(action_of(*request.poll_output(start + 15s)), 1U);
    EXPECT_EQ(action_of(*request.poll_output(start + 60s)), 0U) << "a minute is over";
}

TEST(UdpTrackerRequest, BorrowedConnectionIdThatFailsIsReplacedOnce) {
    const UdpTrackerRequest::Options options{
        .family = {}, .request_string = {}, .connection = UdpConnection{9, start}};
    UdpTrackerRequest refused(sample_announce(), options, Prng(1));
    auto error = answer(UdpAction::error, *refused.poll_output(start));
    refused.handle_datagram(error, start);
    EXPECT_FALSE(refused.result());
    const auto connect = refused.poll_output(start);
    EXPECT_EQ(action_of(*connect), 0U);
    refused.handle_datagram(connect_answer(*connect, 6), start);
    refused.handle_datagram(answer(UdpAction::error, *refused.poll_output(start)), start);
    EXPECT_EQ(refused.result()->error().kind, TrackerFailureKind::refused);

    UdpTrackerRequest silent(sample_announce(), options, Prng(1));
    EXPECT_EQ(action_of(*silent.poll_output(start)), 1U);
    EXPECT_EQ(action_of(*silent.poll_output(start + 15s)), 0U);
}

TEST(UdpTrackerRequest, ForeignTransactionIdsAreIgnored) {
    UdpTrackerRequest request(sample_announce(), {}, Prng(1));
    request.handle_datagram({}, start);
    auto connect = *request.poll_output(start);
    auto forged = connect_answer(connect, 5);
    forged[7] ^= std::byte{1};
    request.handle_datagram(forged, start);
    request.handle_datagram(Bytes(forged).first(7), start);
    EXPECT_FALSE(request.poll_output(start));
    EXPECT_FALSE(request.result());
}

TEST(UdpTrackerRequest, ErrorsAndShortAnswersEndIt) {
    UdpTrackerRequest refused(sample_announce(), {}, Prng(1));
    auto error = answer(UdpAction::error, *refused.poll_output(start));
    ByteWriter(error).write_bytes(as_bytes("go\naway"));
    refused.handle_datagram(error, start);
    EXPECT_EQ(refused.result()->error().kind, TrackerFailureKind::refused);
    EXPECT_EQ(refused.result()->error().sentence, "the tracker says: go away");

    UdpTrackerRequest cut(sample_announce(), {}, Prng(1));
    cut.handle_datagram(answer(UdpAction::connect, *cut.poll_output(start)), start);
    EXPECT_EQ(cut.result()->error().kind, TrackerFailureKind::malformed);

    UdpTrackerRequest confused(sample_announce(), {}, Prng(1));
    confused.handle_datagram(answer(UdpAction::announce, *confused.poll_output(start)), start);
    EXPECT_EQ(confused.result()->error().kind, TrackerFailureKind::malformed);
}

TEST(UdpTrackerRequest, ScrapesInTheOrderAsked) {
    ScrapeRequest scrape;
    for (int i = 0; i < 2; ++i)
        scrape.info_hashes.emplace_back().bytes.fill(static_cast<std::byte>(i));
    UdpTrackerRequest request(
        scrape, {.family = {}, .request_string = "/x", .connection = UdpConnection{9, start}},
        Prng(1));
    const auto question = request.poll_output(start);
    EXPECT_EQ(question->size(), 16U + 40);
    auto reply = answer(UdpAction::scrape, *question);
    for (std::uint32_t i = 1; i <= 6; ++i) ByteWriter(reply).write(i);
    request.handle_datagram(reply, start);
    const auto& response = std::get<ScrapeResponse>(**request.result());
    EXPECT_EQ(response.torrents[0], (ScrapeEntry{scrape.info_hashes[0], {1, 2, 3}}));
    EXPECT_EQ(response.torrents[1], (ScrapeEntry{scrape.info_hashes[1], {4, 5, 6}}));
}
