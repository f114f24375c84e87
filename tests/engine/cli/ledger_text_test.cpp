#include "engine/cli/ledger_text.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::cli;
using testing::Contains;
using testing::HasSubstr;

namespace {

RunCost two_cores() {
    RunCost cost{.bytes_down = 1 << 30,
                 .bytes_up = 0,
                 .seconds = 2,
                 .process = {1.5, 0.5, 64 << 20},
                 .ledger = {}};
    cost.ledger.cores.resize(2);
    cost.ledger.cores[0].enter_calls = 1024;
    cost.ledger.cores[0].connections = 3;
    cost.ledger.cores[1].bytes_received = 7;
    cost.ledger.cores[1].connections = 4;
    cost.ledger.drops = {{"timeout", 2}};
    return cost;
}

}  // namespace

TEST(LedgerJson, HasTheTotalFirstAndEachCore) {
    const Json json = summary_json(two_cores());
    EXPECT_EQ(json["bytes_down"], 1 << 30);
    EXPECT_EQ(json["cpu_user_s"], 1.5);
    EXPECT_EQ(json["peak_rss_bytes"], 64 << 20);
    EXPECT_EQ(json["ledger"].begin().key(), "total");
    EXPECT_EQ(json["ledger"]["total"]["bytes_received"], 7);
    EXPECT_EQ(json["ledger"]["cores"].size(), 2U);
    EXPECT_EQ(json["ledger"]["cores"][1]["connections"], 4);
    EXPECT_EQ(json["ledger"]["drops"]["timeout"], 2);
    for (const char* name :
         {"bytes_sent", "bytes_received", "bytes_copied_user", "enter_calls", "ops_submitted",
          "zero_copy_sends", "zero_copy_copied", "hash_bytes", "hash_seconds"})
        EXPECT_TRUE(json["ledger"]["total"].contains(name)) << name;
}

TEST(LedgerJson, TellsTheLatenciesOfStagesThatWereUsedInMicroseconds) {
    RunCost cost = two_cores();
    cost.ledger.latencies.resize(2);
    cost.ledger.latencies[0].record(session::LatencyStage::send, 15us);
    cost.ledger.latencies[1].record(session::LatencyStage::send, 2ms);
    const Json json = ledger_json(cost.ledger);
    const Json all = json["total"]["latency_us"];
    EXPECT_EQ(all.size(), 1U) << all;
    EXPECT_EQ(all["send"]["count"], 2);
    EXPECT_NEAR(all["send"]["p50"].get<double>(), 15, 0.5);
    EXPECT_EQ(all["send"]["max"], 2000);
    for (const char* name : {"p90", "p99"}) EXPECT_TRUE(all["send"].contains(name)) << name;
    EXPECT_EQ(json["cores"][0]["latency_us"]["send"]["count"], 1);
}

TEST(LedgerJson, SaysWhatTheRunWasLimitedBy) {
    RunCost cost = two_cores();
    cost.ledger.cores[1].loop_seconds = 10;
    cost.ledger.cores[1].busy_seconds = 9;
    const Json json = summary_json(cost);
    EXPECT_EQ(json["verdict"]["bottleneck"], "core");
    EXPECT_EQ(json["verdict"]["share"], 0.9);
    EXPECT_EQ(json["ledger"]["total"]["busy_s"], 9);
    EXPECT_EQ(json["ledger"]["total"]["wait_s"].size(), driver::wait_cause_names.size());
    EXPECT_THAT(ledger_text(cost),
                Contains(HasSubstr(json["verdict"]["sentence"].get<std::string>())));
}

TEST(LedgerJson, TellsOfLatePiecesOnlyWhereSomethingWasPlayed) {
    RunCost cost = two_cores();
    EXPECT_FALSE(summary_json(cost).contains("late_pieces"));
    cost.late_pieces = 3;
    EXPECT_EQ(summary_json(cost)["late_pieces"], 3);
    EXPECT_THAT(ledger_text(cost), Contains(HasSubstr("pieces late to be played")));
}

TEST(LedgerText, TellsCostsPerByte) {
    const auto lines = ledger_text(two_cores());
    EXPECT_THAT(lines, Contains(HasSubstr("2.00 s (1.50 user, 0.50 system)")));
    EXPECT_THAT(lines, Contains(HasSubstr("1.00 per MiB")));
    EXPECT_THAT(lines, Contains(HasSubstr("3 + 4")));
}

TEST(LedgerText, NothingMovedDividesNothing) {
    for (const std::string& line : ledger_text({})) {
        EXPECT_THAT(line, testing::Not(HasSubstr("nan")));
        EXPECT_THAT(line, testing::Not(HasSubstr("inf")));
    }
}
