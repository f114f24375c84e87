#include "engine/sim/adversary/swarm_plan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/assert.hpp"
#include "engine/base/prng.hpp"

namespace spate::sim {
namespace {

using metainfo::TorrentVersion;

constexpr std::size_t kinds_max = 3;
/// Enough for a dictionary of two parts and more.
constexpr std::uint32_t empty_files = 600;
/// Small limits, so that a small crowd reaches them.
constexpr std::uint32_t connections_max = 96;
constexpr std::uint32_t peers_max = 24;
constexpr Duration arrivals = 8s;

std::vector<AttackKind> choose_kinds(std::span<const AttackKind> kinds, Prng& random) {
    std::vector<AttackKind> left(kinds.begin(), kinds.end());
    random.shuffle(std::span(left));
    left.resize(std::min<std::size_t>(left.size(), 1 + random.below(kinds_max)));
    return left;
}

std::uint32_t upto(Prng& random, std::uint32_t most) {
    return most == 0 ? 0 : 1 + static_cast<std::uint32_t>(random.below(most));
}

std::vector<TestContent::Shape> draw_contents(TorrentVersion version, bool magnet, Prng& random) {
    TestContent::Shape wanted;
    wanted.version = version;
    wanted.piece_length_bytes = 16U << (10 + random.below(3));
    // The last piece, and its last block, are shorter than the others.
    wanted.total_bytes = (std::uint64_t{40} + random.below(40)) * 32 * 1024 + random.below(32'000);
    if (magnet) wanted.empty_files = empty_files;
    TestContent::Shape many;
    many.piece_length_bytes = 1024;
    many.total_bytes = std::uint64_t{1024} * (random.below(2) == 0 ? 32'768 : 2'048);
    many.zeros = true;
    return {wanted, many};
}

NodeOptions draw_node(Prng& random) {
    NodeOptions node;
    node.cores = static_cast<std::uint16_t>(1 + random.below(2));
    node.turns = true;
    node.cold_reads = random.below(2) == 0 ? 0.5 : 0;
    node.plain = random.below(8) == 0;
    node.link = {.up_bytes_per_s = 20'000 + random.below(20'000),
                 .down_bytes_per_s = 1'000'000,
                 .latency = Duration(1ms) + Duration(random.below(30'000'000))};
    node.session.connections_max = connections_max;
    node.session.home.peers_max = peers_max;
    node.session.buffer_budget_bytes = 4 << 20;
    return node;
}

void draw_honest(SwarmPlan& plan, Prng& random) {
    const std::uint32_t seeds = upto(random, 3);
    for (std::uint32_t i = 0; i < seeds; ++i) {
        NodeOptions node = draw_node(random);
        node.torrents = {{.content = 0, .seed = true}, {.content = 1, .seed = true}};
        if (random.below(2) == 0) {
            node.up_bytes_per_s = node.link.up_bytes_per_s;
            node.link.up_bytes_per_s *= 8;
        }
        plan.honest.push_back(std::move(node));
    }
    const std::uint32_t leechers = upto(random, 4);
    for (std::uint32_t i = 0; i < leechers; ++i) {
        NodeOptions node = draw_node(random);
        node.torrents = {{.content = 0, .seed = false, .magnet = plan.magnet}};
        node.arrives_after = Duration(static_cast<std::int64_t>(
            random.below(static_cast<std::uint64_t>(Duration(arrivals).count()))));
        plan.honest.push_back(std::move(node));
    }
}

const char* name_of(TorrentVersion version) {
    switch (version) {
        case TorrentVersion::v1:
            return "v1";
        case TorrentVersion::v2:
            return "v2";
        case TorrentVersion::hybrid:
            break;
    }
    return "hybrid";
}

}  // namespace

bool SwarmPlan::attacked_by(AttackKind kind) const {
    return std::ranges::find(parties, kind, &Party::kind) != parties.end();
}

std::string SwarmPlan::describe() const {
    std::size_t seeds = 0;
    for (const NodeOptions& node : honest) seeds += node.torrents.front().seed ? 1 : 0;
    return fmt::format("{}{}, {} seeds, {} leechers", name_of(contents.front().version),
                       magnet ? " magnet" : "", seeds, honest.size() - seeds);
}

SwarmPlan draw_plan(std::uint64_t seed, std::span<const AttackKind> kinds) {
    SPATE_ASSERT(!kinds.empty());
    Prng random(seed ^ 0xadce5a47);
    SwarmPlan plan;
    bool v2 = false;
    for (const AttackKind kind : choose_kinds(kinds, random)) {
        const AttackShape& shape = shape_of(kind);
        plan.parties.push_back(
            {kind, upto(random, shape.addresses_max), upto(random, shape.connections_max)});
        v2 |= shape.v2_magnets_only;
        plan.magnet |= shape.magnets_only || shape.v2_magnets_only;
    }
    plan.magnet |= random.below(3) == 0;
    constexpr TorrentVersion versions[] = {TorrentVersion::v1, TorrentVersion::v2,
                                           TorrentVersion::hybrid};
    const TorrentVersion version = v2 ? TorrentVersion::v2 : versions[random.below(3)];
    plan.contents = draw_contents(version, plan.magnet, random);
    draw_honest(plan, random);
    return plan;
}

}  // namespace spate::sim
