// A judge that sees nothing would find every seed clean.
#include "engine/sim/adversary/verdict.hpp"

#include <gtest/gtest.h>

namespace spate::sim {
namespace {

struct Verdict : testing::Test {
    Verdict() {
        NodeOptions seed;
        seed.torrents.front().seed = true;
        seed.up_bytes_per_s = 10'000;
        simulation.add_node(seed);
        simulation.add_node({});
    }
    SimNode& seed() { return simulation.node(0); }
    SimNode& leecher() { return simulation.node(1); }

    Simulation simulation{{}};
};

TEST_F(Verdict, TwiceTheTimeIsTheMost) {
    EXPECT_FALSE(judge_time(seed(), 200s, 100s));
    EXPECT_TRUE(judge_time(seed(), 201s, 100s));
    EXPECT_TRUE(judge_time(seed(), std::nullopt, 100s)) << "it never completed";
    EXPECT_FALSE(judge_time(seed(), 1s + Patience::slack, 1s)) << "a timeout of a short one";
    EXPECT_TRUE(judge_time(seed(), 2s + Patience::slack, 1s));
}

TEST_F(Verdict, WhatPeersMakeUsHoldIsBounded) {
    Burden burden{.connections = 2};
    burden.held_bytes = BurdenLimits::held_bytes_base + 2 * BurdenLimits::held_bytes_per_connection;
    burden.letters = BurdenLimits::letters;
    burden.outputs = BurdenLimits::outputs_base + 2 * BurdenLimits::outputs_per_connection;
    EXPECT_FALSE(judge_burden(seed(), burden));
    for (std::size_t Burden::* figure : {&Burden::held_bytes, &Burden::letters, &Burden::outputs}) {
        Burden more = burden;
        ++(more.*figure);
        EXPECT_TRUE(judge_burden(seed(), more));
    }
}

TEST_F(Verdict, AnUploadLimitHoldsForAllThatIsSent) {
    simulation.run_for(1s);
    EXPECT_FALSE(judge_upload(seed(), 0, 1s));
    seed().on_sent(1 << 20);
    EXPECT_TRUE(judge_upload(seed(), 0, 1s));
    EXPECT_FALSE(judge_upload(seed(), 1 << 20, 1s)) << "answers to as much as came in";
    leecher().on_sent(1 << 20);
    EXPECT_FALSE(judge_upload(leecher(), 0, 1s)) << "it has no limit";
}

TEST_F(Verdict, HonestPeersLeaveNothingBehind) {
    EXPECT_TRUE(simulation.run_until([&] { return simulation.all_complete(); }, 10min));
    EXPECT_FALSE(judge_trust(simulation));
    EXPECT_TRUE(judge_leftovers(seed())) << "it runs";
    for (const auto& node : simulation.nodes()) node->leave();
    simulation.run_for(10s);
    EXPECT_FALSE(judge_leftovers(seed()));
    EXPECT_FALSE(judge_leftovers(leecher()));
}

TEST(Accusations, AreReasonsThatNoHonestPeerGives) {
    EXPECT_TRUE(is_accusation(session::DropReason::false_data));
    EXPECT_TRUE(is_accusation(session::DropReason::banned));
    EXPECT_FALSE(is_accusation(session::DropReason::remote_closed));
    EXPECT_FALSE(is_accusation(session::DropReason::both_complete));
}

}  // namespace
}  // namespace spate::sim
