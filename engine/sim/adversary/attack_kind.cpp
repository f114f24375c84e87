#include "engine/sim/adversary/attack_kind.hpp"

#include "engine/base/assert.hpp"

namespace spate::sim {
namespace {

// By AttackKind.
constexpr std::array<AttackShape, attack_kind_count> shapes{{
    {.name = "babble", .addresses_max = 4, .connections_max = 3, .listens = true, .pause = 300ms},
    {.name = "toggles", .addresses_max = 2, .connections_max = 2, .pause = 2s},
    {.name = "floods", .addresses_max = 2, .connections_max = 2, .pause = 2s},
    {.name = "hoards", .addresses_max = 4, .connections_max = 6, .pause = 5s},
    {.name = "hang-ups", .addresses_max = 2, .connections_max = 2, .pause = 50ms},
    {.name = "false-pieces", .addresses_max = 4, .listens = true, .pause = 1s},
    {.name = "stalls", .addresses_max = 3, .connections_max = 2, .listens = true, .pause = 3s},
    {.name = "planted-blocks", .addresses_max = 3, .listens = true, .pause = 1s},
    {.name = "false-metadata",
     .addresses_max = 4,
     .listens = true,
     .pause = 1s,
     .magnets_only = true},
    {.name = "metadata-sizes",
     .addresses_max = 4,
     .listens = true,
     .pause = 2s,
     .magnets_only = true},
    {.name = "false-hashes",
     .addresses_max = 4,
     .listens = true,
     .pause = 1s,
     .v2_magnets_only = true},
    {.name = "own-addresses", .addresses_max = 4, .connections_max = 2, .pause = 2s},
    {.name = "stolen-ids", .addresses_max = 3, .pause = 1s},
    {.name = "silent-crowds", .addresses_max = 4, .connections_max = 40, .pause = 1s},
    {.name = "idle-crowds", .addresses_max = 4, .connections_max = 16, .pause = 1s},
    {.name = "trackers", .addresses_max = 0, .calls = false},
}};

}  // namespace

const AttackShape& shape_of(AttackKind kind) {
    SPATE_ASSERT(kind < AttackKind::count_);
    return shapes[static_cast<std::size_t>(kind)];
}

std::optional<AttackKind> attack_kind_of(std::string_view name) {
    for (std::size_t i = 0; i < attack_kind_count; ++i)
        if (shapes[i].name == name) return static_cast<AttackKind>(i);
    return std::nullopt;
}

}  // namespace spate::sim
