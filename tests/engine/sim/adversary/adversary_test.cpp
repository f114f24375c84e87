// Honest swarms under attack. A failing seed is replayed by `spate sim adversary --seed N --here`.
#include "engine/sim/adversary/adversary.hpp"

#include <gmock/gmock.h>
#include <set>

#include <gtest/gtest.h>

#include "engine/sim/adversary/swarm_plan.hpp"

namespace spate::sim {
namespace {

using testing::ElementsAre;

std::vector<AttackKind> all_kinds() {
    std::vector<AttackKind> kinds;
    for (std::size_t i = 0; i < attack_kind_count; ++i) kinds.push_back(static_cast<AttackKind>(i));
    return kinds;
}

/// What peers make a process hold isn't bounded for all of them together, so that hoards break
/// that invariant, and an idle crowd of few addresses fills a torrent.
std::vector<AttackKind> withstood_kinds() {
    std::vector<AttackKind> kinds = all_kinds();
    std::erase(kinds, AttackKind::hoards);
    std::erase(kinds, AttackKind::silent_crowds);
    std::erase(kinds, AttackKind::idle_crowds);
    return kinds;
}

AdversaryResult run(std::uint64_t seed, std::vector<AttackKind> kinds = {}) {
    AdversaryOptions options;
    options.seed = seed;
    options.kinds = std::move(kinds);
    return run_adversary(options);
}

class Seeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Seeds, HarmNobodyHonest) {
    const AdversaryResult result = run(GetParam(), withstood_kinds());
    EXPECT_EQ(result.failure, "") << result.swarm;
}

INSTANTIATE_TEST_SUITE_P(Adversary, Seeds, testing::Range(std::uint64_t{1}, std::uint64_t{21}));

class Kinds : public testing::TestWithParam<AttackKind> {};

TEST_P(Kinds, HarmNobodyHonest) {
    const AttackKind kind = GetParam();
    const AdversaryResult result = run(3, {kind});
    EXPECT_EQ(result.failure, "") << result.swarm;
    EXPECT_THAT(result.kinds, ElementsAre(shape_of(kind).name));
    if (shape_of(kind).calls) {
        EXPECT_GT(result.hostile_connections, 0U);
        EXPECT_GT(result.hostile_bytes, 0U);
    }
}

INSTANTIATE_TEST_SUITE_P(Adversary, Kinds, testing::ValuesIn(withstood_kinds()),
                         [](const auto& kind) {
                             std::string name(shape_of(kind.param).name);
                             std::erase(name, '-');
                             return name;
                         });

TEST(Adversary, TheSameSeedGivesTheSameTrace) {
    const AdversaryResult once = run(5);
    const AdversaryResult again = run(5);
    EXPECT_EQ(once.trace_hash, again.trace_hash);
    EXPECT_EQ(once.hostile_bytes, again.hostile_bytes);
    EXPECT_NE(once.trace_hash, run(6).trace_hash);
}

TEST(SwarmPlan, SeedsDrawEveryKindAndEveryVersion) {
    std::set<AttackKind> kinds;
    std::set<metainfo::TorrentVersion> versions;
    std::set<bool> magnets;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const SwarmPlan plan = draw_plan(seed, all_kinds());
        for (const Party& party : plan.parties) kinds.insert(party.kind);
        versions.insert(plan.contents.front().version);
        magnets.insert(plan.magnet);
        EXPECT_GE(plan.honest.size(), 2U);
    }
    EXPECT_EQ(kinds.size(), attack_kind_count);
    EXPECT_EQ(versions.size(), 3U);
    EXPECT_EQ(magnets.size(), 2U);
}

TEST(SwarmPlan, AnAttackOnMagnetsComesWithMagnets) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        EXPECT_TRUE(draw_plan(seed, std::array{AttackKind::metadata_sizes}).magnet);
        const SwarmPlan plan = draw_plan(seed, std::array{AttackKind::false_hashes});
        EXPECT_TRUE(plan.magnet);
        EXPECT_EQ(plan.contents.front().version, metainfo::TorrentVersion::v2);
    }
}

TEST(AttackKind, NamesLeadBackToTheirKinds) {
    for (const AttackKind kind : all_kinds()) EXPECT_EQ(attack_kind_of(shape_of(kind).name), kind);
    EXPECT_FALSE(attack_kind_of("kindness").has_value());
}

}  // namespace
}  // namespace spate::sim
