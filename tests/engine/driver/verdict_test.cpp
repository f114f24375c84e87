#include "engine/driver/verdict.hpp"

#include <cmath>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::driver;
using testing::HasSubstr;

namespace {

struct Times {
    double busy = 0;
    double hash = 0;
    double cpu_wait = 0;
};

/// Ten seconds of a core, idle but for what is given.
CoreLedger core(Times times, std::initializer_list<std::pair<WaitCause, double>> waits = {}) {
    CoreLedger core{.hash_seconds = times.hash,
                    .loop_seconds = 10,
                    .busy_seconds = times.busy,
                    .cpu_wait_seconds = times.cpu_wait};
    double idle = 10 - times.busy - times.cpu_wait;
    for (const auto& [cause, seconds] : waits) {
        core.wait_seconds[static_cast<std::size_t>(cause)] = seconds;
        idle -= seconds;
    }
    core.wait_seconds[static_cast<std::size_t>(WaitCause::idle)] = idle;
    return core;
}

Verdict verdict_on(std::vector<CoreLedger> cores) {
    return driver::judge(Ledger{.cores = std::move(cores), .latencies = {}, .drops = {}});
}

}  // namespace

TEST(Verdict, OfNothingIsIdle) {
    EXPECT_EQ(verdict_on({}).bottleneck, Bottleneck::idle);
    EXPECT_EQ(verdict_on({CoreLedger{}}).bottleneck, Bottleneck::idle);
}

TEST(Verdict, ACoreThatOnlyKeepsHouseIsIdle) {
    const Verdict verdict = verdict_on({core({.busy = 0.05})});
    EXPECT_EQ(verdict.bottleneck, Bottleneck::idle);
    EXPECT_NEAR(verdict.share, 0.995, 1e-9);
}

TEST(Verdict, ABusyCoreIsTheBottleneck) {
    const Verdict verdict = verdict_on({core({.busy = 9}, {{WaitCause::peers_take, 1}})});
    EXPECT_EQ(verdict.bottleneck, Bottleneck::core);
    EXPECT_NEAR(verdict.share, 0.9, 1e-9);
    EXPECT_THAT(verdict.sentence, HasSubstr("90 %"));
}

TEST(Verdict, OneSaturatedCoreAmongWaitingOnesIsTheBottleneck) {
    EXPECT_EQ(verdict_on({core({.busy = 1}, {{WaitCause::peers_give, 9}}), core({.busy = 9.5}),
                          core({.busy = 1}, {{WaitCause::peers_give, 9}})})
                  .bottleneck,
              Bottleneck::core);
}

TEST(Verdict, ACoreThatMostlyHashesIsLimitedByHashing) {
    const Verdict verdict = verdict_on({core({.busy = 9, .hash = 6})});
    EXPECT_EQ(verdict.bottleneck, Bottleneck::hashing);
    EXPECT_THAT(verdict.sentence, HasSubstr("67 % of that"));
}

TEST(Verdict, ACoreWhoseCpuOthersUseIsSaturatedAndTheSentenceSaysWhy) {
    const Verdict verdict = verdict_on({core({.busy = 4, .cpu_wait = 5})});
    EXPECT_EQ(verdict.bottleneck, Bottleneck::core);
    EXPECT_THAT(verdict.sentence, HasSubstr("other programs"));
}

TEST(Verdict, WhatIsWaitedForMostIsTheBottleneck) {
    const std::pair<WaitCause, Bottleneck> all[] = {
        {WaitCause::disk, Bottleneck::disk},
        {WaitCause::hashing, Bottleneck::hashing},
        {WaitCause::peers_take, Bottleneck::peers},
        {WaitCause::peers_give, Bottleneck::peers},
        {WaitCause::peers_ask, Bottleneck::peers},
        {WaitCause::peers_choke, Bottleneck::choking},
        {WaitCause::slots, Bottleneck::choking},
        {WaitCause::rate_limit, Bottleneck::rate_limit}};
    for (const auto& [cause, bottleneck] : all) {
        const Verdict verdict = verdict_on({core({.busy = 2}, {{cause, 8}})});
        EXPECT_EQ(verdict.bottleneck, bottleneck)
            << wait_cause_names[static_cast<std::size_t>(cause)];
        EXPECT_NEAR(verdict.share, 0.8, 1e-9);
        EXPECT_FALSE(verdict.sentence.empty());
    }
}

TEST(Verdict, KindsOfWaitingForPeersCountTogether) {
    EXPECT_EQ(verdict_on({core({}, {{WaitCause::peers_take, 3},
                                    {WaitCause::peers_give, 3},
                                    {WaitCause::disk, 4}})})
                  .bottleneck,
              Bottleneck::peers);
}

TEST(Verdict, IdleTimeBesideOtherIsOnlyMentioned) {
    const Verdict verdict = verdict_on({core({.busy = 0.2}, {{WaitCause::disk, 1.8}})});
    EXPECT_EQ(verdict.bottleneck, Bottleneck::disk);
    EXPECT_NEAR(verdict.share, 0.9, 1e-9) << "of the time that wasn't idle";
    EXPECT_THAT(verdict.sentence, HasSubstr("80 % of the run was idle"));
}
