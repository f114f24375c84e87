#include "engine/swarm/choker.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <map>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::swarm;

namespace {

constexpr Time start{1000s};

std::vector<ChokeCandidate> interested_peers(std::uint32_t count) {
    std::vector<ChokeCandidate> peers(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        peers[i].key = {CoreIndex(0), ConnectionId(i)};
        peers[i].interested = true;
        peers[i].rate_bytes_per_s = i * 1000;
    }
    return peers;
}

bool chosen(const std::vector<PeerKey>& keys, std::uint32_t peer) {
    return std::ranges::find(keys, PeerKey{CoreIndex(0), ConnectionId(peer)}) != keys.end();
}

}  // namespace

TEST(Choker, ServesTheFourThatGiveMostAndOneMore) {
    Choker choker;
    Prng random(1);
    const auto keys = choker.choose(interested_peers(10), 4, false, random, start);
    EXPECT_EQ(keys.size(), 5U);
    for (std::uint32_t peer = 6; peer < 10; ++peer) EXPECT_TRUE(chosen(keys, peer));
}

TEST(Choker, IgnoresWhoIsNotInterestedAndPutsSnubbersLast) {
    Choker choker;
    Prng random(1);
    auto peers = interested_peers(6);
    peers[5].interested = false;
    peers[4].snubbed = true;
    const auto keys = choker.choose(peers, 4, false, random, start);
    EXPECT_FALSE(chosen(keys, 5));
    for (std::uint32_t peer = 0; peer < 4; ++peer) EXPECT_TRUE(chosen(keys, peer));
}

TEST(Choker, OptimisticSlotMovesAfterThirtySeconds) {
    Choker choker;
    Prng random(1);
    const auto peers = interested_peers(40);
    const PeerKey first = choker.choose(peers, 4, false, random, start).back();
    EXPECT_EQ(choker.choose(peers, 4, false, random, start + 10s).back(), first);
    EXPECT_EQ(choker.choose(peers, 4, false, random, start + 29s).back(), first);
    EXPECT_NE(choker.choose(peers, 4, false, random, start + 30s).back(), first);
}

TEST(Choker, NewcomersAreThreeTimesAsLikelyToBeTried) {
    Prng random(1);
    auto peers = interested_peers(2);
    peers[0].joined_at = start - 10s;
    peers[1].joined_at = start - 10min;
    int newcomer = 0;
    for (int i = 0; i < 4'000; ++i) {
        Choker choker;
        newcomer += chosen(choker.choose(peers, 0, false, random, start), 0) ? 1 : 0;
    }
    EXPECT_NEAR(newcomer, 3'000, 150);
}

TEST(Choker, SeedServesEverybodyInTurns) {
    Choker choker;
    Prng random(1);
    auto peers = interested_peers(12);
    std::map<PeerKey, int> served;
    for (Time now = start; now < start + 180s; now += Choker::round) {
        const auto keys = choker.choose(peers, 3, true, random, now);
        EXPECT_LE(keys.size(), 4U);
        for (ChokeCandidate& peer : peers) {
            const bool serve = std::ranges::find(keys, peer.key) != keys.end();
            if (serve) ++served[peer.key];
            if (serve != peer.unchoked) peer.choke_changed_at = now;
            peer.unchoked = serve;
        }
    }
    EXPECT_EQ(served.size(), 12U);
}
