#include "engine/cli/scenario_file.hpp"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::cli;

namespace {

std::string error_of(std::string_view toml) {
    const auto parsed = parse_scenario(toml, "test");
    return parsed ? "" : parsed.error();
}

/// The shipped scenario, smaller.
sim::Experiment shipped(const std::string& name, std::uint64_t file_bytes, std::uint32_t divisor) {
    auto experiment = load_scenario(name);
    EXPECT_TRUE(experiment.has_value()) << name;
    experiment->file_bytes = file_bytes;
    for (sim::PeerClass& of : experiment->classes)
        if (!of.seed) of.count = std::max(of.count / divisor, 1U);
    return *experiment;
}

std::map<std::string, sim::ClassSummary> run_classes(const sim::Experiment& experiment,
                                                     sim::ExperimentResult& result) {
    result = sim::run(experiment, [](double) { return true; });
    EXPECT_EQ(result.failure, "");
    std::map<std::string, sim::ClassSummary> classes;
    for (const auto& summary : summarise(experiment, result)) classes[summary.name] = summary;
    return classes;
}

}  // namespace

TEST(ScenarioFile, ReadsEveryKey) {
    const auto parsed = parse_scenario(R"(
title = "All"
file = "8M"
piece = "32K"
duration = "10m"
sample = "500ms"
fluid-model = true
[[class]]
name = "seed"
count = 2
seed = true
leaves-at = "5m"
[[class]]
name = "peer"
count = 7
up = "100K"
down = "1M"
latency = "25ms"
arrives = "poisson"
arrives-at = "10s"
arrives-over = "70s"
stays = "0s"
play = "64K"
play-after = "12s"
play-deadlines = false
upload-slots = 6
max-peers = 33
free-rider = true
corrupts = false
lies = false
[faults]
refused-calls = 0.25
mean-life = "90s"
[tracker-down]
from = "1s"
until = "2s"
[partition]
from = "3s"
until = "4s"
part = 0.3
)",
                                       "all");
    ASSERT_TRUE(parsed.has_value()) << parsed.error();
    EXPECT_EQ(parsed->file_bytes, 8U << 20);
    EXPECT_EQ(parsed->piece_bytes, 32U << 10);
    EXPECT_EQ(parsed->duration_max, 10min);
    ASSERT_EQ(parsed->classes.size(), 2U);
    const sim::PeerClass& peer = parsed->classes[1];
    EXPECT_EQ(peer.count, 7U);
    EXPECT_EQ(peer.link.up_bytes_per_s, 100U << 10);
    EXPECT_EQ(peer.arrival, sim::Arrival::poisson);
    EXPECT_EQ(peer.arrives_over, 70s);
    EXPECT_EQ(peer.stays, Duration{});
    EXPECT_EQ(peer.connections_max, 33U);
    EXPECT_TRUE(peer.free_rider);
    EXPECT_EQ(peer.play_bytes_per_s, 64U << 10);
    EXPECT_EQ(peer.play_after, 12s);
    EXPECT_FALSE(peer.play_deadlines);
    EXPECT_EQ(parsed->classes[0].play_bytes_per_s, 0U);
    EXPECT_EQ(parsed->partition->when.until, 4s);
    ASSERT_TRUE(parsed->fluid.has_value());
    EXPECT_DOUBLE_EQ(parsed->fluid->arrivals_per_s, 0.1);
    EXPECT_DOUBLE_EQ(parsed->fluid->seeds, 2);
}

TEST(ScenarioFile, SaysWhatIsWrongAndWhere) {
    EXPECT_NE(error_of("file = \"8M\"").find("[[class]]"), std::string::npos);
    EXPECT_NE(error_of("title = \n").find("line 1"), std::string::npos);
    EXPECT_NE(error_of("[[class]]\nspeed = 3").find("speed isn't a key"), std::string::npos);
    EXPECT_NE(error_of("[[class]]\nup = 3").find("up must be a text"), std::string::npos);
    EXPECT_NE(error_of("[[class]]\nup = \"0\"").find("more than zero"), std::string::npos);
    EXPECT_NE(error_of("[[class]]\nplay = \"0\"").find("more than zero"), std::string::npos);
    EXPECT_NE(error_of("[[class]]\ncount = -1").find("count is at most"), std::string::npos);
    EXPECT_NE(error_of("[[class]]\narrives = \"late\"").find("together"), std::string::npos);
    EXPECT_NE(error_of("piece = \"1000\"\n[[class]]\n").find("multiple of 16K"), std::string::npos);
    EXPECT_NE(error_of("[[class]]\n[partition]\nfrom = \"2s\"\nuntil = \"1s\"").find("later"),
              std::string::npos);
}

TEST(ScenarioFile, NamesThatAreNeitherBuiltInNorFilesAreRefused) {
    const auto loaded = load_scenario("no-such-scenario");
    ASSERT_FALSE(loaded.has_value());
    EXPECT_NE(loaded.error().find("spate sim --list"), std::string::npos);
}

TEST(ShippedScenarios, AllParse) {
    EXPECT_GE(built_in_scenarios().size(), 5U);
    for (const BuiltInScenario& each : built_in_scenarios())
        EXPECT_TRUE(parse_scenario(each.toml, std::string(each.name)).has_value()) << each.name;
}

TEST(ShippedScenarios, TitForTatServesClassesInTheOrderOfWhatTheyGive) {
    sim::ExperimentResult result;
    auto classes = run_classes(shipped("tit-for-tat", 128 << 20, 2), result);
    const auto median = [&](const char* name) { return classes[name].download_median_seconds; };
    EXPECT_LT(median("fast"), median("medium"));
    EXPECT_LT(median("medium"), median("slow"));
    EXPECT_LT(median("slow"), median("free-rider"));
    EXPECT_EQ(classes["free-rider"].completed, classes["free-rider"].peers) << "but they do finish";
    EXPECT_LT(classes["newcomer"].first_piece_median_seconds, 40)
        << "by somebody's optimistic slot";
}

TEST(ShippedScenarios, RarestFirstSurvivesItsSeed) {
    sim::ExperimentResult result;
    const auto experiment = shipped("rarest-first", 32 << 20, 2);
    const auto classes = run_classes(experiment, result);
    EXPECT_TRUE(result.everyone_finished);
    for (const sim::Sample& sample : result.samples) EXPECT_GE(sample.copies_min, 1U);
    EXPECT_GT(classes.at("peer").download_min_seconds, 75) << "nobody was done when the seed left";
}

TEST(ShippedScenarios, FlashCrowdGrowsAndEndsNearTheFluidModel) {
    sim::ExperimentResult result;
    auto experiment = shipped("flash-crowd", 4 << 20, 100);
    run_classes(experiment, result);
    EXPECT_TRUE(result.everyone_finished);
    EXPECT_EQ(result.samples.back().seeds, 101U);
}

TEST(ShippedScenarios, ChurnLeavesLateComersOfUnpopularContentWithout) {
    sim::ExperimentResult result;
    auto classes = run_classes(shipped("churn", 16 << 20, 3), result);
    EXPECT_EQ(classes["early"].completed, classes["early"].peers);
    EXPECT_LT(classes["late"].completed, classes["late"].peers);
}

TEST(ShippedScenarios, ATyrantGivesLessThanItsClassForAboutTheSameTimeWhereAFewGiveMost) {
    // One peer's time is a matter of luck too.
    double tyrants_seconds = 0, same_seconds = 0;
    double tyrants_ratio = 0, same_ratio = 0;
    for (const std::uint64_t seed : {1, 2}) {
        sim::ExperimentResult result;
        auto experiment = shipped("bittyrant-skewed", 32 << 20, 1);
        experiment.seed = seed;
        auto classes = run_classes(experiment, result);
        tyrants_seconds += classes["tyrant"].download_median_seconds;
        same_seconds += classes["same"].download_median_seconds;
        tyrants_ratio += classes["tyrant"].share_ratio_mean;
        same_ratio += classes["same"].share_ratio_mean;
    }
    EXPECT_LT(tyrants_ratio, 0.9 * same_ratio);
    EXPECT_LT(tyrants_seconds, 1.15 * same_seconds);
}

TEST(ShippedScenarios, ASuperSeedMayLeaveBeforeAPlainOne) {
    sim::ExperimentResult result;
    run_classes(shipped("super-seeding", 32 << 20, 1), result);
    EXPECT_TRUE(result.everyone_finished);
    const auto classes = run_classes(shipped("plain-seeding", 32 << 20, 1), result);
    EXPECT_EQ(classes.at("peer").completed, 0U) << "its last pieces left with it";
}

TEST(ShippedScenarios, FaultsStopNobodyHonest) {
    sim::ExperimentResult result;
    run_classes(shipped("faults", 8 << 20, 3), result);
    EXPECT_TRUE(result.everyone_finished);
    EXPECT_GT(result.bans, 0U);
    EXPECT_EQ(result.honest_bans, 0U);
}
