#include "engine/driver/wait_meter.hpp"

#include <numeric>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::driver;
using session::PeerWait;

namespace {

CoreLoad with_peers(PeerWait wait, std::uint32_t count) {
    CoreLoad load;
    for (std::uint32_t i = 0; i < count; ++i) load.peers.change(PeerWait::nothing, wait);
    return load;
}

double share(const CoreLoad& load, WaitCause cause) {
    return wait_shares(load)[static_cast<std::size_t>(cause)];
}

double seconds(const WaitMeter& meter, WaitCause cause) {
    return meter.seconds()[static_cast<std::size_t>(cause)];
}

}  // namespace

TEST(WaitShares, ACoreWithNothingUnderWayIsIdle) {
    EXPECT_EQ(share({}, WaitCause::idle), 1);
}

TEST(WaitShares, EachConnectionThatWaitsForDataHasAVote) {
    CoreLoad load = with_peers(PeerWait::give, 2);
    load.cold_reads = 1;
    load.sends = 1;
    EXPECT_EQ(share(load, WaitCause::peers_give), 0.5);
    EXPECT_EQ(share(load, WaitCause::disk), 0.25);
    EXPECT_EQ(share(load, WaitCause::peers_take), 0.25);
}

TEST(WaitShares, WritesCountOnlyWhenSomebodyWaitsForTheirBuffers) {
    CoreLoad load = with_peers(PeerWait::give, 1);
    load.writes = 9;
    EXPECT_EQ(share(load, WaitCause::disk), 0) << "they go on beside the download";
    load.peers.change(PeerWait::give, PeerWait::buffer);
    EXPECT_EQ(share(load, WaitCause::disk), 1);
    EXPECT_EQ(share({.writes = 1}, WaitCause::disk), 1) << "the last pieces of a download";
}

TEST(WaitShares, BuffersOfPiecesThatWaitForTheirHashAreHashings) {
    CoreLoad load = with_peers(PeerWait::buffer, 1);
    load.hashing = true;
    EXPECT_EQ(share(load, WaitCause::hashing), 1);
    load.writes = 1;
    EXPECT_EQ(share(load, WaitCause::disk), 1);
}

TEST(WaitShares, ChokingCountsOnlyWhenNothingMoves) {
    CoreLoad load = with_peers(PeerWait::unchoke, 50);
    EXPECT_EQ(share(load, WaitCause::peers_choke), 1);
    load.peers.change(PeerWait::nothing, PeerWait::give);
    EXPECT_EQ(share(load, WaitCause::peers_choke), 0);
}

TEST(WaitShares, EveryWaitOfAPeerHasItsCause) {
    EXPECT_EQ(share(with_peers(PeerWait::slot, 1), WaitCause::slots), 1);
    EXPECT_EQ(share(with_peers(PeerWait::ask, 1), WaitCause::peers_ask), 1);
    EXPECT_EQ(share(with_peers(PeerWait::rate_limit, 1), WaitCause::rate_limit), 1);
    EXPECT_EQ(share(with_peers(PeerWait::buffer, 1), WaitCause::peers_give), 1)
        << "buffers full of pieces that are being received";
}

TEST(WaitMeter, WaitsAreScaledToTheTimeThatTheCpuLeaves) {
    WaitMeter meter;
    meter.add({.cold_reads = 1}, 30ms);
    meter.add({.sends = 1}, 10ms);
    meter.settle(20ms);
    EXPECT_NEAR(seconds(meter, WaitCause::disk), 0.015, 1e-9);
    EXPECT_NEAR(seconds(meter, WaitCause::peers_take), 0.005, 1e-9);
    meter.add({.sends = 1}, 10ms);
    meter.settle(10ms);
    EXPECT_NEAR(seconds(meter, WaitCause::peers_take), 0.015, 1e-9) << "intervals add up";
    EXPECT_NEAR(seconds(meter, WaitCause::disk), 0.015, 1e-9);
}

TEST(WaitMeter, AnIntervalWithoutWaitsWasIdle) {
    WaitMeter meter;
    meter.settle(1s);
    EXPECT_EQ(seconds(meter, WaitCause::idle), 1);
}
