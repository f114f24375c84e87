// Rate limits pause and resume connections.
#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct RateLimitTest : SessionTest {};

TEST_F(RateLimitTest, AnUploadLimitPausesAndResumes) {
    seeding = true;
    up_limit = 160 * 1024;  // ten blocks a second
    start();
    TestPeer& peer = connect_peer();
    ByteVector requests = message(MessageId::interested);
    for (std::uint32_t i = 0; i < 28; ++i) requests = requests + request(block(i / 4, i % 4));
    say(peer, requests);
    EXPECT_GE(peer.blocks.size(), 1U);
    EXPECT_LE(peer.blocks.size(), 3U) << "a burst of a tenth of a second";
    const std::size_t burst = peer.blocks.size();
    advance(1s);
    EXPECT_NEAR(static_cast<double>(peer.blocks.size() - burst), 10, 1);
    advance(2s);
    EXPECT_EQ(peer.blocks.size(), 28U);
}

TEST_F(RateLimitTest, ControlMessagesAreNotHeldBackByTheUploadLimit) {
    seeding = true;
    up_limit = 1'000;
    start();
    TestPeer& peer = connect_peer();
    say(peer, message(MessageId::interested) + request(block(0)) + request(block(0, 1)));
    EXPECT_LE(peer.blocks.size(), 1U);
    say(peer, cancel(block(0, 1)));
    EXPECT_EQ(peer.count(MessageId::reject_request), 1U);
}

TEST_F(RateLimitTest, TheUploadLimitIsSharedByAllPeers) {
    seeding = true;
    up_limit = 320 * 1024;
    start();
    ByteVector requests = message(MessageId::interested);
    for (std::uint32_t i = 0; i < 28; ++i) requests = requests + request(block(i / 4, i % 4));
    for (int i = 0; i < 4; ++i) say(connect_peer(), requests);
    advance(2s);
    std::size_t sent = 0;
    for (const auto& peer : peers) {
        EXPECT_GT(peer->blocks.size(), 0U);
        sent += peer->blocks.size();
    }
    EXPECT_NEAR(static_cast<double>(sent), 42, 5);
}

TEST_F(RateLimitTest, ADownloadLimitPausesAndResumes) {
    down_limit = 160 * 1024;
    piece_count = 64;
    start();
    TestPeer& peer = connect_seed();
    EXPECT_FALSE(begin_receive(peer)) << "small receives keep the rate smooth";
    std::size_t received = 0;
    while (session->may_receive(peer.id, now) && received < 100) {
        say(peer, piece(peer.requests.at(0)));
        peer.requests.erase(peer.requests.begin());
        ++received;
    }
    EXPECT_LE(received, 3U);
    EXPECT_EQ(peer.resumed_receives, 0U);
    EXPECT_FALSE(session->may_receive(peer.id, now));
    advance(1s);
    EXPECT_EQ(peer.resumed_receives, 1U) << "told once";
    EXPECT_TRUE(session->may_receive(peer.id, now));
}

TEST_F(RateLimitTest, APausedConnectionThatGoesIsNotResumed) {
    down_limit = 1'000;
    seeding = true;
    up_limit = 1'000;
    start();
    TestPeer& peer = connect_peer();
    say(peer, message(MessageId::interested) + request(block(0)) + request(block(1)));
    EXPECT_FALSE(session->may_receive(peer.id, now));
    hang_up(peer);
    advance(60s);
    EXPECT_EQ(peer.resumed_receives, 0U);
    EXPECT_LE(peer.blocks.size(), 1U);
}

}  // namespace
}  // namespace spate::session
