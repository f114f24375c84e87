#pragma once
// engine/cli/choices.hpp: what users choose by name, on the command line and in
// scenarios.
#include <algorithm>
#include <array>
#include <expected>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "engine/cli/units.hpp"
#include "engine/swarm/choker.hpp"
#include "engine/swarm/piece_order.hpp"

namespace spate::cli {

template <class Value>
struct Named {
    std::string_view name;
    Value value;
};

inline constexpr std::array leech_strategies{
    Named{"tit-for-tat", swarm::LeechStrategy::tit_for_tat},
    Named{"tyrant", swarm::LeechStrategy::tyrant}};
inline constexpr std::array seed_strategies{Named{"round-robin", swarm::SeedStrategy::round_robin},
                                            Named{"fastest", swarm::SeedStrategy::fastest},
                                            Named{"anti-leech", swarm::SeedStrategy::anti_leech}};
inline constexpr std::array piece_modes{Named{"rarest-first", swarm::PieceMode::rarest_first},
                                        Named{"random", swarm::PieceMode::random},
                                        Named{"in-order", swarm::PieceMode::in_order}};

/// "a, b or c".
template <class Value, std::size_t size>
std::string names_of(const std::array<Named<Value>, size>& values) {
    std::string names;
    for (std::size_t i = 0; i < size; ++i) {
        if (i > 0) names += i + 1 == size ? " or " : ", ";
        names += values[i].name;
    }
    return names;
}

/// The value of that name, or a sentence. `values` outlives the parser.
template <class Value, std::size_t size>
auto parser_of(const std::array<Named<Value>, size>& values) {
    return [&values](std::string_view text) -> Parsed<Value> {
        const auto found = std::ranges::find(values, text, &Named<Value>::name);
        if (found != values.end()) return found->value;
        return std::unexpected(fmt::format("'{}' must be {}", text, names_of(values)));
    };
}

}  // namespace spate::cli
