// Swarms of real sessions. A broken invariant names the node and the virtual time; the scenario's
// seed replays it.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "engine/sim/simulation.hpp"

using namespace spate;
using namespace spate::sim;
using session::DropReason;

namespace {

NodeOptions seed_node() {
    NodeOptions options;
    options.torrents.front().seed = true;
    return options;
}

/// One seed, and `count` nodes that come one after the other.
void fill(Simulation& simulation, std::size_t count, NodeOptions options = {},
          NodeOptions seed = seed_node()) {
    simulation.add_node(seed);
    options.session.home.peers_max = 30;
    for (std::size_t i = 0; i < count; ++i) {
        options.arrives_after = 100ms * static_cast<std::int64_t>(i);
        simulation.add_node(options);
    }
}

bool complete(Simulation& simulation, Duration limit) {
    const bool done = simulation.run_until([&] { return simulation.all_complete(); }, limit);
    EXPECT_EQ(simulation.violation(), "");
    return done;
}

/// Pieces that somebody wrote a second time.
std::uint32_t written_twice(Simulation& simulation) {
    std::uint32_t twice = 0;
    for (const auto& node : simulation.nodes()) {
        const VirtualDisk& disk = node->disk(TorrentId(0));
        const std::uint32_t pieces = simulation.content().metainfo()->piece_count();
        if (disk.writes() > pieces) twice += disk.writes() - pieces;
    }
    return twice;
}

std::uint64_t wasted_bytes(const SimNode& node) {
    return node.shared(0).counters.wasted.load();
}

}  // namespace

TEST(Swarm, OnePeerGetsEverythingFromASeed) {
    Simulation simulation({});
    fill(simulation, 1);
    EXPECT_TRUE(complete(simulation, 60s));
    EXPECT_EQ(simulation.node(1).completions(), 1U);
    EXPECT_EQ(wasted_bytes(simulation.node(1)), 0U);
}

TEST(Swarm, HundredPeersCompleteFromOneSeed) {
    Simulation simulation({});
    fill(simulation, 100);
    EXPECT_TRUE(complete(simulation, 10min));
    for (const auto& node : simulation.nodes())
        EXPECT_EQ(node->dropped(DropReason::false_data), 0U) << "nobody lies";
    RecordProperty("virtual_seconds", static_cast<int>(to_seconds(simulation.elapsed())));
    RecordProperty("events", static_cast<int>(simulation.events_run()));
}

TEST(Swarm, SeedReplaysToTheSameTraceHash) {
    const auto run = [](std::uint64_t seed) {
        Simulation simulation({.seed = seed, .contents = {{}}, .faults = {.mean_life = 20s}});
        fill(simulation, 10);
        EXPECT_TRUE(complete(simulation, 10min));
        return simulation.trace_hash();
    };
    const std::uint64_t hash = run(1);
    EXPECT_EQ(run(1), hash);
    EXPECT_NE(run(2), hash);
}

TEST(Swarm, CompletesThoughConnectionsAreLostAndCallsRefused) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        SCOPED_TRACE(seed);
        Simulation simulation(
            {.seed = seed,
             .contents = {{.total_bytes = (4 << 20) - 12'345, .piece_length_bytes = 64 << 10}},
             .faults = {.refused_calls = 0.2, .mean_life = 5s}});
        NodeOptions slow;
        slow.link = {.up_bytes_per_s = 200'000, .down_bytes_per_s = 1'000'000, .latency = 40ms};
        fill(simulation, 12, slow);
        EXPECT_TRUE(complete(simulation, 30min));
        EXPECT_GT(simulation.network().connections_lost(), 10U);
    }
}

TEST(Swarm, GoesOnWhenTheSeedLeavesAndTheOthersTogetherHaveEverything) {
    Simulation simulation({});
    NodeOptions slow;
    slow.link = {.up_bytes_per_s = 250'000, .down_bytes_per_s = 250'000, .latency = 20ms};
    fill(simulation, 8, slow);
    SimNode& seed = simulation.node(0);
    const auto everything_is_out = [&] {
        const std::uint32_t pieces = simulation.content().metainfo()->piece_count();
        std::set<std::uint32_t> out;
        for (const auto& node : simulation.nodes()) {
            if (node.get() == &seed || !node->arrived()) continue;
            for (std::uint32_t piece = 0; piece < pieces; ++piece)
                if (node->shared(0).pieces.stored(PieceIndex(piece))) out.insert(piece);
        }
        return out.size() == pieces;
    };
    ASSERT_TRUE(simulation.run_until(everything_is_out, 10min)) << simulation.violation();
    EXPECT_FALSE(simulation.all_complete());
    seed.kill();
    EXPECT_TRUE(complete(simulation, 10min));
}

TEST(Swarm, StopsPolitelyWhenANodeLeaves) {
    Simulation simulation({});
    fill(simulation, 4);
    ASSERT_TRUE(complete(simulation, 10min));
    simulation.node(1).leave();
    simulation.run_for(5s);
    EXPECT_EQ(simulation.violation(), "");
    EXPECT_EQ(simulation.tracker().peers(simulation.content().metainfo()->info_hash), 4U);
    EXPECT_EQ(simulation.node(1).cores().front()->session().connection_count(), 0U);
}

/// A seed that sends false data, an honest one, and eight peers that get everything all the same.
void expect_liar_banned(Payload payload, std::uint64_t seed) {
    SCOPED_TRACE(seed);
    Simulation simulation({.seed = seed, .contents = {{}}, .payload = payload});
    NodeOptions liar = seed_node();
    liar.torrents.front().disk.corrupts_reads = true;
    simulation.add_node(liar);
    NodeOptions slow;
    slow.link = {.up_bytes_per_s = 500'000, .down_bytes_per_s = 2'000'000, .latency = 10ms};
    NodeOptions honest = seed_node();
    honest.link = slow.link;
    fill(simulation, 8, slow, honest);
    EXPECT_TRUE(complete(simulation, 30min));
    std::uint64_t bans = 0;
    for (const auto& node : simulation.nodes()) bans += node->dropped(DropReason::false_data);
    EXPECT_GT(bans, 0U);
    EXPECT_LE(bans, 8U) << "the liar, once by each; nobody else";
}

TEST(Swarm, PeerThatSendsFalseDataIsBannedAndHonestOnesFinish) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) expect_liar_banned(Payload::bytes, seed);
}

TEST(Swarm, CoresOfANodeShareATorrentAndStoreNoPieceTwice) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        SCOPED_TRACE(seed);
        Simulation simulation({.seed = seed});
        NodeOptions two_cores;
        two_cores.cores = 2;
        NodeOptions seed_options = seed_node();
        seed_options.cores = 2;
        fill(simulation, 10, two_cores, seed_options);
        EXPECT_TRUE(complete(simulation, 10min));
        EXPECT_LE(written_twice(simulation), 2U) << "the endgame may";
        simulation.run_for(1s);  // mail
        for (const auto& node : simulation.nodes())
            if (node.get() != &simulation.node(0)) {
                EXPECT_EQ(node->completions(), 1U);
            }
    }
}

TEST(Swarm, CoreThatHearsOfATorrentLateTakesPartInIt) {
    Simulation simulation({});
    simulation.add_node(seed_node());
    simulation.run_for(1s);
    NodeOptions two_cores;
    two_cores.cores = 2;
    two_cores.core_lag = 200ms;
    for (int i = 0; i < 6; ++i) simulation.add_node(two_cores);
    EXPECT_TRUE(complete(simulation, 10min));
    simulation.run_for(60s);
    for (const auto& node : simulation.nodes())
        EXPECT_GT(node->cores().back()->session().connections_total(), 0U);
}

TEST(Swarm, PeersWithoutTheFastExtensionComplete) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE(seed);
        Simulation simulation({.seed = seed, .contents = {{}}, .faults = {.mean_life = 10s}});
        NodeOptions plain;
        plain.plain = true;
        simulation.add_nodes(5, plain);
        fill(simulation, 5);
        EXPECT_TRUE(complete(simulation, 10min));
    }
}

TEST(Swarm, MagnetLinkFetchesTheMetadataAndThenTheContent) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        SCOPED_TRACE(seed);
        Simulation simulation({.seed = seed});
        NodeOptions magnet;
        magnet.torrents.front().magnet = true;
        magnet.cores = seed % 2 == 0 ? 2 : 1;
        fill(simulation, 6, magnet);
        EXPECT_TRUE(complete(simulation, 10min));
    }
}

TEST(Swarm, AFullDiskHoldsUpThatTorrentOnThatNodeUntilThereIsRoom) {
    Simulation simulation({.seed = 1, .contents = {{}, {.total_bytes = 1 << 20}}});
    NodeOptions seed = seed_node();
    seed.torrents = {{.content = 0, .seed = true}, {.content = 1, .seed = true}};
    NodeOptions full;
    full.torrents = {{.content = 0, .disk = {.capacity_pieces = 20}}, {.content = 1}};
    NodeOptions roomy;
    roomy.torrents = {{.content = 0}, {.content = 1}};
    simulation.add_node(seed);
    SimNode& unlucky = simulation.add_node(full);
    SimNode& other = simulation.add_node(roomy);
    const bool done = simulation.run_until(
        [&] { return unlucky.complete(1) && other.complete(0) && other.complete(1); }, 10min);
    EXPECT_TRUE(done);
    simulation.run_for(30s);
    EXPECT_EQ(simulation.violation(), "");
    EXPECT_TRUE(unlucky.failures().empty());
    EXPECT_EQ(unlucky.pauses(), std::vector<std::string>{"torrent 0: the disk is full"});
    EXPECT_FALSE(unlucky.complete(0));
    EXPECT_EQ(unlucky.shared(0).pieces.stored_count(), 20U);
    EXPECT_GT(unlucky.shared(0).counters.peers.load(), 0U) << "it gives what it has";
    unlucky.disk(TorrentId(0)).make_room(1'000);
    EXPECT_TRUE(simulation.run_until([&] { return unlucky.complete(0); }, 10min));
    EXPECT_EQ(simulation.violation(), "");
}

TEST(Swarm, FewBuffersSlowADownloadAndNeverStopIt) {
    Simulation simulation({});
    NodeOptions poor;
    poor.session.buffer_budget_bytes = 64 << 10;  // two pieces
    fill(simulation, 5, poor);
    EXPECT_TRUE(complete(simulation, 10min));
}

TEST(Swarm, RateLimitsHold) {
    Simulation simulation({});
    NodeOptions seed = seed_node();
    seed.up_bytes_per_s = 100'000;
    NodeOptions limited;
    limited.down_bytes_per_s = 80'000;
    fill(simulation, 1, limited, seed);
    EXPECT_TRUE(complete(simulation, 10min));
    EXPECT_GT(simulation.elapsed(), 24s) << "2 MiB at 80 kB/s";
    EXPECT_LT(simulation.elapsed(), 40s);
}

TEST(Swarm, CompletesWhenPayloadGoesByName) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE(seed);
        Simulation simulation({.seed = seed,
                               .contents = {{}},
                               .faults = {.refused_calls = 0.1, .mean_life = 10s},
                               .payload = Payload::names});
        NodeOptions options;
        options.cores = seed == 2 ? 2 : 1;
        options.torrents.front().magnet = seed == 3;
        fill(simulation, 15, options);
        EXPECT_TRUE(complete(simulation, 10min));
        EXPECT_GT(simulation.parcels().lines_lost(), 0U);
    }
}

TEST(Swarm, LiarIsBannedWhenPayloadGoesByName) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) expect_liar_banned(Payload::names, seed);
}

TEST(Swarm, QuietSwarmStaysConnectedAndInOrder) {
    Simulation simulation({});
    fill(simulation, 5);
    ASSERT_TRUE(complete(simulation, 10min));
    simulation.run_for(20min);
    EXPECT_EQ(simulation.violation(), "");
}
