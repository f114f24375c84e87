// The strategic client against ordinary ones.
#include "engine/swarm/tyrant.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "engine/swarm/choker.hpp"

namespace spate::swarm {
namespace {

constexpr Time start{1'000s};

PeerKey key(std::uint32_t number) {
    return {CoreIndex(0), ConnectionId(number)};
}

ChokeCandidate peer(std::uint32_t number) {
    return {.key = key(number), .interested = true};
}

std::vector<Unchoke> choose(Tyrant& tyrant, const std::vector<ChokeCandidate>& peers,
                            std::uint64_t uplink_bytes_per_s,
                            std::uint32_t slots = Choker::slots_unlimited) {
    Prng random(1);
    return tyrant.choose({.peers = peers,
                          .slots = slots,
                          .uplink_bytes_per_s = uplink_bytes_per_s,
                          .random = random,
                          .now = start});
}

double cost(const Tyrant& tyrant, std::uint32_t number) {
    return tyrant.estimates().at(key(number)).cost_bytes_per_s;
}

TEST(Tyrant, PaysTwentyPerCentMoreUntilThePeerReciprocates) {
    Tyrant tyrant;
    std::vector<ChokeCandidate> peers{peer(1)};
    (void)choose(tyrant, peers, 1'000'000);
    for (int round = 1; round <= 3; ++round) (void)choose(tyrant, peers, 1'000'000);
    EXPECT_NEAR(cost(tyrant, 1), Tyrant::cost_start_bytes_per_s * 1.2 * 1.2 * 1.2, 1);
}

TEST(Tyrant, PaysTenPerCentLessAfterThreeRoundsOfReciprocation) {
    Tyrant tyrant;
    std::vector<ChokeCandidate> peers{peer(1)};
    (void)choose(tyrant, peers, 1'000'000);
    peers[0].unchokes_us = true;
    peers[0].rate_bytes_per_s = 40'000;
    for (int round = 1; round <= 2; ++round) (void)choose(tyrant, peers, 1'000'000);
    EXPECT_EQ(cost(tyrant, 1), Tyrant::cost_start_bytes_per_s);
    (void)choose(tyrant, peers, 1'000'000);
    EXPECT_NEAR(cost(tyrant, 1), Tyrant::cost_start_bytes_per_s * 0.9, 1);
    EXPECT_EQ(tyrant.estimates().at(key(1)).gain_bytes_per_s, 40'000) << "what it gives";
}

TEST(Tyrant, OffersTwiceWhatThePeerIsThoughtToGive) {
    Tyrant tyrant;
    std::vector<ChokeCandidate> peers{peer(1), peer(2), peer(3)};
    peers[0].announced_bytes_per_s = 200'000;
    peers[1].unchokes_us = true;
    peers[1].rate_bytes_per_s = 50'000;
    (void)choose(tyrant, peers, 1'000'000);
    EXPECT_NEAR(cost(tyrant, 1), 2 * 200'000.0 / 5, 1);
    EXPECT_NEAR(cost(tyrant, 2), 2 * 50'000, 1);
    EXPECT_EQ(cost(tyrant, 3), Tyrant::cost_start_bytes_per_s) << "nothing is known of it";
}

TEST(Tyrant, OffersNoMoreAtFirstThanAnOrdinaryPeerOfItsUplinkWould) {
    Tyrant tyrant;
    std::vector<ChokeCandidate> peers{peer(1)};
    peers[0].announced_bytes_per_s = 10'000'000;
    (void)choose(tyrant, peers, 200'000);
    EXPECT_EQ(cost(tyrant, 1), 200'000.0 / 5);
}

TEST(Tyrant, APeerThatWasNotServedCostsNoMore) {
    Tyrant tyrant;
    std::vector<ChokeCandidate> peers{peer(1)};
    peers[0].interested = false;
    for (int round = 0; round < 5; ++round) (void)choose(tyrant, peers, 1'000'000);
    EXPECT_EQ(cost(tyrant, 1), Tyrant::cost_start_bytes_per_s);
}

TEST(Tyrant, ServesTheBestBargainsUntilTheUplinkIsSpent) {
    Tyrant tyrant;
    std::vector<ChokeCandidate> peers;
    for (std::uint32_t i = 0; i < 6; ++i) {
        peers.push_back(peer(i));
        peers.back().unchokes_us = true;
        peers.back().rate_bytes_per_s = 10'000 * (i + 1);
    }
    const auto chosen = choose(tyrant, peers, 50'000);  // each costs 15,000
    ASSERT_EQ(chosen.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(chosen[i].key, key(5 - static_cast<std::uint32_t>(i)));
        EXPECT_EQ(chosen[i].rate_max_bytes_per_s, 15'000U);
    }
}

TEST(Tyrant, SpendsTheRestOnPeersThatAreCheapEnough) {
    Tyrant tyrant;
    std::vector<ChokeCandidate> peers{peer(1), peer(2), peer(3)};
    peers[0].announced_bytes_per_s = 5'000'000;  // the best
    peers[1].announced_bytes_per_s = 2'000'000;  // as dear
    for (int round = 0; round < 4; ++round) (void)choose(tyrant, peers, 100'000);
    ASSERT_GT(cost(tyrant, 2), cost(tyrant, 3)) << "paid more and more, and never reciprocated";
    const double enough = Tyrant::raise * (cost(tyrant, 1) + cost(tyrant, 3));
    std::vector<PeerKey> served;
    for (const Unchoke& one : choose(tyrant, peers, static_cast<std::uint64_t>(enough) + 1))
        served.push_back(one.key);
    EXPECT_EQ(served, (std::vector{key(1), key(3)})) << "the second best doesn't fit";
}

TEST(Tyrant, ServesOneEvenIfItCostsMoreThanThereIs) {
    Tyrant tyrant;
    EXPECT_EQ(choose(tyrant, {peer(1), peer(2)}, 5'000).size(), 1U);
}

TEST(Tyrant, ServesNoMoreThanItsSlotsAndOne) {
    Tyrant tyrant;
    std::vector<ChokeCandidate> peers;
    for (std::uint32_t i = 0; i < 20; ++i) peers.push_back(peer(i));
    EXPECT_EQ(choose(tyrant, peers, 1'000'000, 4).size(), 5U);
    EXPECT_EQ(choose(tyrant, peers, 1'000'000).size(), 20U);
}

TEST(Tyrant, ForgetsPeersThatLeave) {
    Tyrant tyrant;
    (void)choose(tyrant, {peer(1), peer(2)}, 100'000);
    (void)choose(tyrant, {peer(2)}, 100'000);
    EXPECT_EQ(tyrant.estimates().size(), 1U);
}

TEST(Tyrant, ExpectsOfAFastPeerWhatItGivesEachOfThoseItServes) {
    EXPECT_EQ(Tyrant::equal_split(600'000), 120'000) << "four regular slots and the optimistic one";
    Tyrant tyrant;
    std::vector<ChokeCandidate> peers{peer(1), peer(2)};
    peers[1].announced_bytes_per_s = 600'000;
    const auto chosen = choose(tyrant, peers, 20'000);
    ASSERT_EQ(chosen.size(), 1U);
    EXPECT_EQ(chosen[0].key, key(2));
}

/// An ordinary peer that serves the N = 4 who give it most. Six others give it these rates.
struct Ordinary {
    static constexpr std::uint32_t active_set = 4;
    std::vector<double> others{15'000, 12'000, 10'000, 9'000, 8'000, 3'000};
    double capacity = 48'000;

    bool reciprocates(double given_bytes_per_s) const {
        return std::ranges::count_if(
                   others, [&](double other) { return other >= given_bytes_per_s; }) < active_set;
    }
    double equal_split() const { return capacity / active_set; }
};

TEST(Tyrant, FindsWhatTheFourthBestGivesAndPaysBarelyMore) {
    // To be among the top four against 15, 12, 10, 9, 8 and 3, more than 9 must be given, however
    // much more the peer's equal split is.
    const Ordinary ordinary;
    EXPECT_FALSE(ordinary.reciprocates(9'000));
    EXPECT_TRUE(ordinary.reciprocates(9'001));
    Tyrant tyrant;
    std::vector<ChokeCandidate> peers{peer(1)};
    double paid = 0;
    double got = 0;
    int reciprocated = 0;
    constexpr int settling_rounds = 20;
    constexpr int rounds = 200;
    for (int round = 0; round < rounds; ++round) {
        const auto chosen = choose(tyrant, peers, 20'000);
        ASSERT_EQ(chosen.size(), 1U);
        const auto given = static_cast<double>(chosen[0].rate_max_bytes_per_s);
        peers[0].unchokes_us = ordinary.reciprocates(given);
        peers[0].rate_bytes_per_s =
            peers[0].unchokes_us ? static_cast<std::uint64_t>(ordinary.equal_split()) : 0;
        if (round < settling_rounds) continue;
        EXPECT_LE(given, 9'000 * Tyrant::raise + 1);
        EXPECT_GE(given, 9'000 * Tyrant::lower - 1);
        paid += given;
        got += static_cast<double>(peers[0].rate_bytes_per_s);
        reciprocated += peers[0].unchokes_us ? 1 : 0;
    }
    EXPECT_GT(reciprocated, (rounds - settling_rounds) / 2);
    // The fifth of tit-for-tat's equals pays its equal split, 12, for the same.
    EXPECT_LT(paid / (rounds - settling_rounds), 10'500);
    EXPECT_GT(got / paid, 0.8);
}

}  // namespace
}  // namespace spate::swarm
