#include "engine/sim/experiment.hpp"

#include <algorithm>
#include <cstdio>

#include <gtest/gtest.h>

#include "engine/sim/experiment_plots.hpp"

using namespace spate;
using namespace spate::sim;

namespace {

constexpr LinkClass line{.up_bytes_per_s = 1 << 18, .down_bytes_per_s = 1 << 20, .latency = 10ms};

Experiment small(std::uint32_t peers) {
    return {.name = "small",
            .title = "Small",
            .file_bytes = 2 << 20,
            .piece_bytes = 32 << 10,
            .classes = {{.name = "seed", .link = line, .seed = true},
                        {.name = "peer", .count = peers, .link = line}},
            .check_every = 1};
}

ExperimentResult run_all(const Experiment& experiment) {
    ExperimentResult result = run(experiment, [](double) { return true; });
    EXPECT_EQ(result.failure, "");
    return result;
}

}  // namespace

TEST(Experiment, MeasuresWhatBecomesOfEveryPeer) {
    const Experiment experiment = small(8);
    const ExperimentResult result = run_all(experiment);
    EXPECT_TRUE(result.everyone_finished);
    ASSERT_EQ(result.peers.size(), 8U);
    for (const PeerResult& peer : result.peers) {
        EXPECT_GE(peer.received_bytes, experiment.file_bytes);
        EXPECT_GT(*peer.download_seconds, *peer.first_piece_seconds);
    }
    const auto summaries = summarise(experiment, result);
    ASSERT_EQ(summaries.size(), 1U);
    EXPECT_EQ(summaries.front().completed, 8U);
    EXPECT_LE(summaries.front().download_min_seconds, summaries.front().download_median_seconds);
    const Sample& last = result.samples.back();
    EXPECT_EQ(last.copies_min, 9U);
    EXPECT_EQ(last.seeds, 9U);
    EXPECT_EQ(last.completed, 8U);
}

TEST(Experiment, ReplaysFromItsSeed) {
    Experiment experiment = small(6);
    experiment.classes.back().arrival = Arrival::poisson;
    experiment.classes.back().arrives_over = 10s;
    const ExperimentResult first = run_all(experiment);
    EXPECT_EQ(run_all(experiment).trace_hash, first.trace_hash);
    experiment.seed = 2;
    EXPECT_NE(run_all(experiment).trace_hash, first.trace_hash);
}

TEST(Experiment, PeersComeWhenTheirClassSays) {
    Experiment experiment = small(4);
    experiment.classes.back().arrival = Arrival::evenly;
    experiment.classes.back().arrives_at = 10s;
    experiment.classes.back().arrives_over = 40s;
    const ExperimentResult result = run_all(experiment);
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_NEAR(result.peers[i].arrived_seconds, 10.0 + 10.0 * static_cast<double>(i), 1e-6);
}

TEST(Experiment, PeersThatLeaveTakeTheirCopiesWithThem) {
    Experiment experiment = small(5);
    experiment.classes.back().stays = 0s;
    experiment.classes.push_back({.name = "last", .link = line, .arrives_at = 60s});
    const ExperimentResult result = run_all(experiment);
    EXPECT_TRUE(result.everyone_finished);
    EXPECT_EQ(result.samples.back().copies_min, 2U) << "the seed and the last one";
    EXPECT_EQ(result.samples.back().completed, 6U);
}

TEST(Experiment, SwarmWithoutASeedRunsUntilItsTimeIsOver) {
    Experiment experiment = small(3);
    experiment.classes.front().leaves_at = 2s;
    experiment.duration_max = 90s;
    const ExperimentResult result = run_all(experiment);
    EXPECT_FALSE(result.everyone_finished);
    EXPECT_NEAR(result.virtual_seconds, 90, 1);
    EXPECT_EQ(result.samples.back().copies_min, 0U);
}

TEST(Experiment, FreeRidersGiveNextToNothing) {
    Experiment experiment = small(6);
    experiment.classes.push_back({.name = "rider", .count = 3, .link = line, .free_rider = true});
    const ExperimentResult result = run_all(experiment);
    const auto summaries = summarise(experiment, result);
    ASSERT_EQ(summaries.size(), 2U);
    EXPECT_LT(summaries[1].share_ratio_mean, 0.02);
}

TEST(Experiment, PeersInOrderLoseTheSwarmWhenTheSeedLeaves) {
    Experiment experiment = small(20);
    experiment.classes.front().link.up_bytes_per_s = 1 << 20;
    experiment.classes.front().leaves_at = 8s;
    experiment.duration_max = 5min;
    EXPECT_TRUE(run_all(experiment).everyone_finished);
    experiment.classes.back().piece_mode = swarm::PieceMode::in_order;
    EXPECT_FALSE(run_all(experiment).everyone_finished) << "nobody has the last pieces";
}

TEST(Experiment, ATyrantGivesLessThanItsClassAndIsNoSlower) {
    double given = 0;
    double taken_seconds = 0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        Experiment experiment = small(16);
        experiment.seed = seed;
        experiment.file_bytes = 8 << 20;
        experiment.check_every = 1'000;
        experiment.classes.back().stays = 0s;
        experiment.classes.push_back({.name = "tyrant",
                                      .link = line,
                                      .stays = 0s,
                                      .leech_strategy = swarm::LeechStrategy::tyrant});
        const auto summaries = summarise(experiment, run_all(experiment));
        given += summaries[1].share_ratio_mean / summaries[0].share_ratio_mean;
        taken_seconds +=
            summaries[1].download_median_seconds / summaries[0].download_median_seconds;
    }
    EXPECT_LT(given / 4, 0.9);
    EXPECT_LT(taken_seconds / 4, 1.2);
}

TEST(Experiment, SuperSeedsStrandNobody) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        Experiment experiment = small(12);
        experiment.seed = seed;
        experiment.classes.front().super_seed = true;
        experiment.classes.back().arrival = Arrival::poisson;
        experiment.classes.back().arrives_over = 120s;
        experiment.classes.back().stays = 0s;
        EXPECT_TRUE(run_all(experiment).everyone_finished);
    }
}

TEST(Experiment, LiarsAndCorruptersHarmNobodyForLong) {
    Experiment experiment = small(10);
    experiment.classes.push_back({.name = "corrupter", .count = 2, .link = line, .corrupts = true});
    experiment.classes.push_back({.name = "liar", .count = 2, .link = line, .lies = true});
    const ExperimentResult result = run_all(experiment);
    EXPECT_TRUE(result.everyone_finished);
    EXPECT_GT(result.bans, 0U);
    EXPECT_GT(result.wasted_bytes, 0U);
}

TEST(Experiment, PartitionAndDeadTrackerHeal) {
    Experiment experiment = small(10);
    experiment.tracker_down = Interval{.from = 1s, .until = 40s};
    experiment.partition = Partition{.when = {.from = 5s, .until = 30s}, .part = 0.5};
    experiment.faults = {.refused_calls = 0.1, .mean_life = 30s};
    EXPECT_TRUE(run_all(experiment).everyone_finished);
}

TEST(Experiment, DrawsFivePlots) {
    Experiment experiment = small(3);
    experiment.fluid = FluidModel{.arrivals_per_s = 3, .arrivals_seconds = 1, .upload_per_s = 0.1};
    const ExperimentResult result = run_all(experiment);
    const auto plots = plots_of(experiment, result);
    EXPECT_EQ(plots.size(), 5U);
    for (const NamedPlot& plot : plots) {
        EXPECT_TRUE(plot.svg.starts_with("<svg")) << plot.name;
        EXPECT_LT(plot.svg.size(), 40'000U) << plot.name;
    }
}

namespace {

/// Twelve players of a file that takes 64 s at their rate, with links of twice that rate; the
/// seed's is so many times that, so they need each other.
Experiment players(swarm::PieceMode mode, bool deadlines, unsigned seed_rates = 4) {
    constexpr std::uint64_t rate = 1 << 18;
    constexpr LinkClass link{2 * rate, 2 * rate, 20ms};
    const LinkClass seed{seed_rates * rate, 4 * rate, 20ms};
    return {.name = "players",
            .file_bytes = 64 * rate,
            .piece_bytes = 64 << 10,
            .classes = {{.name = "seed", .link = seed, .seed = true},
                        {.name = "player",
                         .count = 12,
                         .link = link,
                         .arrival = Arrival::evenly,
                         .arrives_over = 12s,
                         .piece_mode = mode,
                         .play_bytes_per_s = rate,
                         .play_after = 12s,
                         .play_deadlines = deadlines}}};
}

struct Played {
    double late_pieces;
    double copies_of_the_rarest;       // mean over the first minute
    double seconds_until_second_copy;  // of each piece: then the seed may leave
};

Played play(const Experiment& experiment) {
    const ExperimentResult result = run_all(experiment);
    EXPECT_TRUE(result.everyone_finished);
    Played played{summarise(experiment, result).front().late_pieces_mean.value(), 0, 0};
    constexpr std::size_t minute = 60;
    for (std::size_t second = 0; second < minute; ++second) {
        const Sample& sample = result.samples[std::min(second, result.samples.size() - 1)];
        played.copies_of_the_rarest += sample.copies_min / static_cast<double>(minute);
    }
    const auto spread = std::ranges::find_if(
        result.samples, [](const Sample& sample) { return sample.copies_min > 1; });
    if (spread != result.samples.end()) played.seconds_until_second_copy = spread->seconds;
    return played;
}

}  // namespace

TEST(Experiment, DeadlinesAreKeptThoughTheSeedHasTwoStreamsForTwelvePlayers) {
    EXPECT_LT(play(players(swarm::PieceMode::rarest_first, true, 2)).late_pieces, 2);
    EXPECT_GT(play(players(swarm::PieceMode::rarest_first, false, 2)).late_pieces, 20);
    EXPECT_GT(play(players(swarm::PieceMode::in_order, false, 2)).late_pieces, 20);
}

TEST(Experiment, DeadlinesAreKeptAndTheSwarmFaresBetterThanInOrder) {
    using swarm::PieceMode;
    const Played deadlines = play(players(PieceMode::rarest_first, true));
    const Played rarest = play(players(PieceMode::rarest_first, false));
    const Played in_order = play(players(PieceMode::in_order, false));
    const auto print = [](const char* mode, const Played& played) {
        std::printf("%s: %.2f of 256 pieces late, %.1f copies of the rarest, two after %.0f s\n",
                    mode, played.late_pieces, played.copies_of_the_rarest,
                    played.seconds_until_second_copy);
    };
    print("deadlines", deadlines);
    print("rarest first", rarest);
    print("in order", in_order);
    EXPECT_LT(deadlines.late_pieces, 2);
    EXPECT_GT(rarest.late_pieces, 20);
    EXPECT_GT(deadlines.copies_of_the_rarest, 2 * in_order.copies_of_the_rarest);
    EXPECT_LT(deadlines.seconds_until_second_copy, in_order.seconds_until_second_copy);
}
