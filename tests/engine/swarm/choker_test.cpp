#include "engine/swarm/choker.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <map>

#include <gtest/gtest.h>

namespace spate::swarm {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr Time start{1'000s};

PeerKey key(std::uint32_t number) {
    return {CoreIndex(0), ConnectionId(number)};
}

/// Interested, choked, and here for long.
ChokeCandidate peer(std::uint32_t number, std::uint64_t rate_bytes_per_s = 0) {
    return {.key = key(number),
            .interested = true,
            .rate_bytes_per_s = rate_bytes_per_s,
            .joined_at = start - 1h,
            .choke_changed_at = start - 1h};
}

std::vector<ChokeCandidate> peers(std::uint32_t count) {
    std::vector<ChokeCandidate> all;
    for (std::uint32_t i = 0; i < count; ++i) all.push_back(peer(i, 1'000 * i));
    return all;
}

std::vector<PeerKey> choose(Choker& choker, const std::vector<ChokeCandidate>& all,
                            std::uint32_t slots, bool seeding, Prng& random, Time now) {
    std::vector<PeerKey> keys;
    for (const Unchoke& one :
         choker.choose({.peers = all, .slots = slots, .random = random, .now = now}, seeding)) {
        EXPECT_EQ(one.rate_max_bytes_per_s, 0U);
        keys.push_back(one.key);
    }
    return keys;
}

/// What the home core does with the choice.
void apply(std::vector<ChokeCandidate>& all, const std::vector<PeerKey>& chosen, Time now) {
    for (ChokeCandidate& one : all) {
        const bool unchoked = std::ranges::find(chosen, one.key) != chosen.end();
        if (unchoked != one.unchoked) one.choke_changed_at = now;
        one.unchoked = unchoked;
    }
}

TEST(Choker, ServesTheFourThatGiveMostAndOneMore) {
    Choker choker;
    Prng random(1);
    const auto chosen = choose(choker, peers(10), 4, false, random, start);
    EXPECT_THAT(chosen, SizeIs(5));
    for (std::uint32_t i = 6; i < 10; ++i) EXPECT_THAT(chosen, Contains(key(i)));
}

TEST(Choker, WhoeverIsNotInterestedTakesNoSlot) {
    Choker choker;
    Prng random(1);
    auto all = peers(6);
    all[5].interested = false;
    EXPECT_THAT(choose(choker, all, 4, false, random, start),
                UnorderedElementsAre(key(0), key(1), key(2), key(3), key(4)));
    for (auto& one : all) one.interested = false;
    EXPECT_THAT(choose(choker, all, 4, false, random, start), IsEmpty());
}

TEST(Choker, ASnubbingPeerComesAfterAllOthers) {
    Choker choker;
    Prng random(1);
    auto all = peers(10);
    all[9].snubbed = true;
    const auto chosen = choose(choker, all, 4, false, random, start);
    for (std::uint32_t i = 5; i < 9; ++i) EXPECT_THAT(chosen, Contains(key(i)));
}

TEST(Choker, TheOptimisticPeerIsKeptThirtySecondsAndThenMoved) {
    Choker choker;
    Prng random(1);
    auto all = peers(50);
    std::map<std::uint32_t, int> rounds;  // by optimistic peer
    std::vector<std::uint32_t> sequence;
    for (int round = 0; round < 300; ++round) {
        const Time now = start + round * Choker::round;
        const auto chosen = choose(choker, all, 4, false, random, now);
        ASSERT_EQ(chosen.size(), 5U);
        sequence.push_back(chosen.back().connection.value);
        apply(all, chosen, now);
    }
    for (std::size_t turn = 0; turn < sequence.size(); turn += 3) {
        EXPECT_EQ(sequence[turn], sequence[turn + 1]);
        EXPECT_EQ(sequence[turn], sequence[turn + 2]);
        ++rounds[sequence[turn]];
    }
    EXPECT_GT(rounds.size(), 30U) << "it moves among the 46 others";
}

TEST(Choker, AnOptimisticPeerThatLeavesIsReplacedAtOnce) {
    Choker choker;
    Prng random(1);
    auto all = peers(10);
    const PeerKey optimistic = choose(choker, all, 4, false, random, start).back();
    std::erase_if(all, [&](const auto& one) { return one.key == optimistic; });
    const auto chosen = choose(choker, all, 4, false, random, start + 1s);
    EXPECT_THAT(chosen, SizeIs(5));
    EXPECT_THAT(chosen, Not(Contains(optimistic)));
}

TEST(Choker, NewcomersAreThreeTimesAsLikely) {
    auto all = peers(24);  // four get regular slots, twenty wait
    for (std::uint32_t i = 0; i < 10; ++i) all[i].joined_at = start - 1s;
    int newcomers = 0;
    constexpr int tries = 4'000;
    for (int seed = 0; seed < tries; ++seed) {
        Choker choker;
        Prng random(static_cast<std::uint64_t>(seed));
        if (choose(choker, all, 4, false, random, start).back().connection.value < 10) ++newcomers;
    }
    EXPECT_NEAR(newcomers, 0.75 * tries, 0.03 * tries);
}

TEST(Choker, ASeedServesInTurnsOfThirtySeconds) {
    Choker choker;
    Prng random(1);
    auto all = peers(8);
    std::map<PeerKey, int> served;  // rounds, in regular slots
    std::vector<PeerKey> first;
    for (int round = 0; round < 60; ++round) {
        const Time now = start + round * Choker::round;
        auto chosen = choose(choker, all, 2, true, random, now);
        chosen.resize(2);  // without the optimistic one
        if (round == 0) first = chosen;
        if (round == 1 || round == 2) {
            EXPECT_THAT(chosen, testing::UnorderedElementsAreArray(first));
        }
        if (round == 3) {
            for (const PeerKey& one : first) EXPECT_THAT(chosen, Not(Contains(one)));
        }
        for (const PeerKey& one : chosen) ++served[one];
        apply(all, chosen, now);
    }
    EXPECT_EQ(served.size(), 8U);
    for (const auto& [one, rounds] : served) EXPECT_EQ(rounds, 15) << one.connection.value;
}

TEST(Choker, ASeedMayServeThoseThatTakeItFastest) {
    Choker choker(LeechStrategy::tit_for_tat, SeedStrategy::fastest);
    Prng random(1);
    auto all = peers(10);
    for (std::uint32_t i = 0; i < 10; ++i) all[i].given_bytes_per_s = 1'000 * (10 - i);
    const auto chosen = choose(choker, all, 4, true, random, start);
    EXPECT_THAT(chosen, SizeIs(5));
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(chosen[i], key(i));
}

TEST(Choker, ASeedMayServeThoseThatHaveJustBegunOrAreAlmostDone) {
    Choker choker(LeechStrategy::tit_for_tat, SeedStrategy::anti_leech);
    Prng random(1);
    auto all = peers(11);
    for (std::uint32_t i = 0; i < 11; ++i) all[i].have_share = 0.1 * i;
    auto chosen = choose(choker, all, 4, true, random, start);
    chosen.resize(4);  // without the optimistic one
    EXPECT_THAT(chosen, UnorderedElementsAre(key(0), key(1), key(9), key(10)));
}

TEST(Choker, TheTyrantHasNoOptimisticSlotAndLimitsEachPeer) {
    Choker choker(LeechStrategy::tyrant);
    Prng random(1);
    const auto all = peers(3);
    const auto chosen = choker.choose({.peers = all,
                                       .slots = Choker::slots_unlimited,
                                       .uplink_bytes_per_s = 30'000,
                                       .random = random,
                                       .now = start},
                                      false);
    ASSERT_EQ(chosen.size(), 2U);
    EXPECT_EQ(chosen[0].rate_max_bytes_per_s, 15'000U);
    EXPECT_EQ(choker.rate_max_bytes_per_s(key(9), false), 15'000U) << "the start value";
    EXPECT_EQ(choker.rate_max_bytes_per_s(key(9), true), 0U) << "a seed has nothing to gain";
    EXPECT_THAT(choose(choker, all, 2, true, random, start), SizeIs(3));
}

TEST(Choker, UnlimitedSlotsServeEverybodyInterested) {
    Choker choker;
    Prng random(1);
    auto all = peers(300);
    all[7].interested = false;
    for (const bool seeding : {false, true})
        EXPECT_THAT(choose(choker, all, Choker::slots_unlimited, seeding, random, start),
                    SizeIs(299));
}

TEST(Choker, TiesAreBrokenAtRandom) {
    std::vector<ChokeCandidate> all;
    for (std::uint32_t i = 0; i < 20; ++i) all.push_back(peer(i));
    std::map<PeerKey, int> chosen;
    for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
        Choker choker;
        Prng random(seed);
        for (const PeerKey& one : choose(choker, all, 4, false, random, start)) ++chosen[one];
    }
    ASSERT_EQ(chosen.size(), 20U);
    for (const auto& [one, count] : chosen) EXPECT_NEAR(count, 250, 60) << one.connection.value;
}

}  // namespace
}  // namespace spate::swarm
