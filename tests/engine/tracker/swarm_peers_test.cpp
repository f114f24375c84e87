#include "engine/tracker/swarm_peers.hpp"

#include <map>
#include <set>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::tracker;

namespace {

const SipKey key{1, 2};

Endpoint peer(unsigned number) {
    return *Endpoint::parse("10.0." + std::to_string(number / 256) + "." +
                            std::to_string(number % 256) + ":6881");
}

}  // namespace

TEST(SwarmPeers, KeepsSeedsAndLeechersApart) {
    SwarmPeers peers(key);
    EXPECT_EQ(peers.update(peer(1), false, 1), SwarmPeers::Change::added);
    EXPECT_EQ(peers.update(peer(2), true, 1), SwarmPeers::Change::added);
    EXPECT_EQ(peers.update(peer(1), false, 2), SwarmPeers::Change::none);
    EXPECT_EQ(peers.leecher_count(), 1U);
    EXPECT_EQ(peers.update(peer(1), true, 3), SwarmPeers::Change::became_seed);
    EXPECT_EQ(peers.seed_count(), 2U);
    EXPECT_EQ(peers.leecher_count(), 0U);
    EXPECT_TRUE(peers.remove(peer(1)));
    EXPECT_FALSE(peers.remove(peer(1)));
    EXPECT_EQ(peers.size(), 1U);
}

TEST(SwarmPeers, PicksDistinctPeersButNeverTheAsker) {
    SwarmPeers peers(key);
    for (unsigned i = 0; i < 100; ++i) peers.update(peer(i), i % 2 == 0, 1);
    Prng prng(1);
    for (int round = 0; round < 50; ++round) {
        const auto picked = peers.pick({.asker = peer(3), .count_max = 50}, prng);
        EXPECT_EQ(picked.size(), 50U);
        const std::set<Endpoint> distinct(picked.begin(), picked.end());
        EXPECT_EQ(distinct.size(), 50U);
        EXPECT_FALSE(distinct.contains(peer(3)));
    }
    EXPECT_EQ(peers.pick({.asker = peer(3), .count_max = 1000}, prng).size(), 99U);
}

TEST(SwarmPeers, PicksAllPeersAboutEquallyOften) {
    SwarmPeers peers(key);
    for (unsigned i = 0; i < 100; ++i) peers.update(peer(i), false, 1);
    Prng prng(1);
    std::map<Endpoint, int> times;
    for (int round = 0; round < 2'000; ++round)
        for (const Endpoint& picked : peers.pick({.asker = peer(999), .count_max = 10}, prng))
            ++times[picked];
    EXPECT_EQ(times.size(), 100U);
    for (const auto& [endpoint, count] : times) EXPECT_NEAR(count, 200, 70) << endpoint.to_string();
}

TEST(SwarmPeers, SeedsAreNotGivenToSeeds) {
    SwarmPeers peers(key);
    peers.update(peer(1), true, 1);
    peers.update(peer(2), false, 1);
    Prng prng(1);
    EXPECT_EQ(peers.pick({.asker = peer(3), .asker_is_seed = true, .count_max = 9}, prng),
              std::vector{peer(2)});
}

TEST(SwarmPeers, LoopbackPeersAreKeptFromStrangers) {
    SwarmPeers peers(key);
    const Endpoint local = *Endpoint::parse("127.0.0.1:1");
    peers.update(local, true, 1);
    Prng prng(1);
    EXPECT_TRUE(peers.pick({.asker = peer(1), .count_max = 9}, prng).empty());
    EXPECT_EQ(peers.pick({.asker = *Endpoint::parse("127.0.0.1:2"), .count_max = 9}, prng).size(),
              1U);
}

TEST(SwarmPeers, ExpiresTheSilentAndDoesNotPickThemEvenBefore) {
    SwarmPeers peers(key);
    for (unsigned i = 0; i < 10; ++i) peers.update(peer(i), i < 5, i);
    Prng prng(1);
    EXPECT_EQ(peers.pick({.asker = peer(99), .count_max = 99, .oldest_s = 7}, prng).size(), 3U);
    EXPECT_EQ(peers.expire(7).size(), 7U);
    EXPECT_EQ(peers.size(), 3U);
    EXPECT_EQ(peers.seed_count(), 0U);
    EXPECT_TRUE(peers.contains(peer(9)));
}
