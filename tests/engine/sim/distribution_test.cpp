#include "engine/sim/distribution.hpp"

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::sim;

namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

/// Invariants are checked after every event unless told otherwise.
Distribution small(std::uint32_t peers) {
    return {.peers = peers,
            .file_bytes = 4 * mebibyte,
            .server_up_bytes_per_s = mebibyte,
            .peer_up_bytes_per_s = mebibyte / 4,
            .peer_down_bytes_per_s = 2 * mebibyte,
            .piece_bytes = 32 << 10,
            .check_every = 1};
}

bool go_on(double) {
    return true;
}

}  // namespace

TEST(DistributionTime, BoundsAreThoseOfTheory) {
    Distribution of = small(10);
    EXPECT_DOUBLE_EQ(client_server_bound_seconds(of), 40) << "all by the server";
    EXPECT_DOUBLE_EQ(peer_to_peer_bound_seconds(of), 40.0 / (1 + 10 * 0.25)) << "all together";
    of.peers = 1;
    EXPECT_DOUBLE_EQ(client_server_bound_seconds(of), 4);
    EXPECT_DOUBLE_EQ(peer_to_peer_bound_seconds(of), 4) << "the server's one copy";
    of.peer_down_bytes_per_s = mebibyte / 2;
    EXPECT_DOUBLE_EQ(client_server_bound_seconds(of), 8) << "the slowest downlink";
    EXPECT_DOUBLE_EQ(peer_to_peer_bound_seconds(of), 8);
}

TEST(DistributionTime, FileServerLiesOnItsCurve) {
    for (const std::uint32_t peers : {1U, 10U, 50U}) {
        const Distribution of = small(peers);
        const DistributionRun run = run_client_server(of, go_on);
        EXPECT_EQ(run.failure, "");
        EXPECT_GE(run.seconds, client_server_bound_seconds(of));
        EXPECT_LE(run.seconds, 1.02 * client_server_bound_seconds(of) + 0.2);
    }
}

TEST(DistributionTime, SwarmStaysWithinAQuarterOfItsBound) {
    Distribution of = small(100);
    of.file_bytes = 16 * mebibyte;
    of.piece_bytes = 64 << 10;
    of.connections_max = 30;
    of.check_every = 20'000;
    const DistributionRun run = run_peer_to_peer(of, go_on);
    EXPECT_EQ(run.failure, "");
    EXPECT_GE(run.seconds, peer_to_peer_bound_seconds(of));
    EXPECT_LE(run.seconds, 1.25 * peer_to_peer_bound_seconds(of));
}

TEST(DistributionTime, SameSeedGivesTheSameTrace) {
    Distribution of = small(12);
    const DistributionRun first = run_peer_to_peer(of, go_on);
    EXPECT_EQ(first.failure, "");
    of.check_every = 1'000;
    EXPECT_EQ(run_peer_to_peer(of, go_on).trace_hash, first.trace_hash)
        << "checking changes nothing";
    of.seed = 2;
    EXPECT_NE(run_peer_to_peer(of, go_on).trace_hash, first.trace_hash);
}

TEST(DistributionTime, PiecesAreAboutAThousandAndWholeBlocks) {
    EXPECT_EQ(piece_bytes_for(1), 16U << 10);
    EXPECT_EQ(piece_bytes_for(64 * mebibyte), 64U << 10);
    EXPECT_EQ(piece_bytes_for(1280 * mebibyte), 2U << 20);
}
