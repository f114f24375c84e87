// A session in virtual time with one bottleneck each, and what the verdict says of it.
#include <gtest/gtest.h>

#include "engine/driver/verdict.hpp"
#include "tests/engine/session/session_fixture.hpp"

namespace spate::driver {
namespace {

using wire::MessageId;

struct PlantedBottleneck : session::SessionTest {
    /// One core's second, of which it computes `busy` and then waits, with the session as it is.
    Verdict judge_a_second(Duration busy = 10ms, Duration hashed = 0ms) {
        meter.add({.writes = static_cast<std::uint32_t>(writes.size()),
                   .hashing = !hashes.empty(),
                   .peers = session->peer_waits()},
                  1s);
        meter.settle(1s - busy);
        return driver::judge({.cores = {{.hash_seconds = to_seconds(hashed),
                                         .loop_seconds = 1,
                                         .busy_seconds = to_seconds(busy),
                                         .wait_seconds = meter.seconds()}},
                              .latencies = {},
                              .drops = {}});
    }
    void receive_until_buffers_are_full() {
        options.buffer_budget_bytes = 2 * session::piece_length;
        start();
        session::TestPeer& seed = connect_seed();
        for (int i = 0; i < 100 && !seed.requests.empty(); ++i) answer_requests(seed);
        ASSERT_TRUE(seed.requests.empty());
    }

    WaitMeter meter;
};

TEST_F(PlantedBottleneck, NoPeerIsIdle) {
    start();
    EXPECT_EQ(judge_a_second().bottleneck, Bottleneck::idle);
}

TEST_F(PlantedBottleneck, ASilentPeer) {
    start();
    connect_seed();
    const Verdict verdict = judge_a_second();
    EXPECT_EQ(verdict.bottleneck, Bottleneck::peers) << verdict.sentence;
}

TEST_F(PlantedBottleneck, ADiskThatTakesNoPieces) {
    receive_until_buffers_are_full();
    while (!hashes.empty()) hash_next(true);
    ASSERT_FALSE(writes.empty());
    const Verdict verdict = judge_a_second();
    EXPECT_EQ(verdict.bottleneck, Bottleneck::disk) << verdict.sentence;
    while (!writes.empty()) write_next();
    EXPECT_EQ(session->peer_waits()[session::PeerWait::buffer], 0U) << "and goes on";
}

TEST_F(PlantedBottleneck, AHasherThatIsBehind) {
    receive_until_buffers_are_full();
    ASSERT_FALSE(hashes.empty());
    EXPECT_EQ(judge_a_second().bottleneck, Bottleneck::hashing);
}

TEST_F(PlantedBottleneck, ACoreThatComputesAllTheTime) {
    start();
    connect_seed();
    EXPECT_EQ(judge_a_second(950ms).bottleneck, Bottleneck::core);
}

TEST_F(PlantedBottleneck, ACoreThatHashesAllTheTime) {
    start();
    connect_seed();
    EXPECT_EQ(judge_a_second(950ms, 700ms).bottleneck, Bottleneck::hashing);
}

TEST_F(PlantedBottleneck, PeersThatAllChokeUs) {
    start();
    for (int i = 0; i < 3; ++i) say(connect_peer(), session::message(MessageId::have_all));
    const Verdict verdict = judge_a_second();
    EXPECT_EQ(verdict.bottleneck, Bottleneck::choking) << verdict.sentence;
}

TEST_F(PlantedBottleneck, TooFewUploadSlots) {
    seeding = true;
    options.home.upload_slots = 1;
    start();
    for (int i = 0; i < 5; ++i) say(connect_peer(), session::message(MessageId::interested));
    const Verdict verdict = judge_a_second();
    EXPECT_EQ(verdict.bottleneck, Bottleneck::choking) << verdict.sentence;
}

TEST_F(PlantedBottleneck, AServedPeerThatAsksForNothing) {
    seeding = true;
    start();
    say(connect_peer(), session::message(MessageId::interested));
    const Verdict verdict = judge_a_second();
    EXPECT_EQ(verdict.bottleneck, Bottleneck::peers) << verdict.sentence;
}

TEST_F(PlantedBottleneck, AnUploadLimit) {
    seeding = true;
    up_limit = 1000;
    start();
    session::TestPeer& peer = connect_peer();
    say(peer, session::message(MessageId::interested));
    for (std::uint32_t i = 0; i < 8; ++i) say(peer, session::request(block(i / 4, i % 4)));
    const Verdict verdict = judge_a_second();
    EXPECT_EQ(verdict.bottleneck, Bottleneck::rate_limit) << verdict.sentence;
}

TEST_F(PlantedBottleneck, APeerThatLeavesIsWaitedForNoMore) {
    start();
    session::TestPeer& seed = connect_seed();
    EXPECT_EQ(session->peer_waits()[session::PeerWait::give], 1U);
    hang_up(seed);
    EXPECT_EQ(session->peer_waits()[session::PeerWait::give], 0U);
}

}  // namespace
}  // namespace spate::driver
