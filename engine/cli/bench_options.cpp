#include "engine/cli/bench_options.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "engine/base/ids.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::cli {
namespace {

constexpr std::array<std::pair<BenchKind, std::string_view>, 4> names{
    {{BenchKind::seed, "seed"},
     {BenchKind::cold, "cold"},
     {BenchKind::download, "download"},
     {BenchKind::unverified, "unverified"}}};

std::vector<std::uint32_t> usual_peers(BenchKind kind) {
    switch (kind) {
        case BenchKind::seed:
            return {1, 100, 1000, 4096};
        case BenchKind::cold:
            return {1, 200};
        default:
            return {1, 50, 500};
    }
}

/// Calls `take` with each part between commas while it says true.
template <class Take>
bool each_part(std::string_view text, Take take) {
    while (true) {
        const std::size_t comma = text.find(',');
        if (!take(text.substr(0, comma))) return false;
        if (comma == std::string_view::npos) return true;
        text.remove_prefix(comma + 1);
    }
}

}  // namespace

std::string_view name_of(BenchKind kind) {
    return std::ranges::find(names, kind, &decltype(names)::value_type::first)->second;
}

Parsed<std::vector<BenchKind>> parse_bench_kinds(std::string_view text) {
    std::vector<BenchKind> kinds;
    if (text == "all") {
        for (const auto& [kind, name] : names) kinds.push_back(kind);
        return kinds;
    }
    const bool known = each_part(text, [&](std::string_view part) {
        const auto* const found =
            std::ranges::find(names, part, &decltype(names)::value_type::second);
        if (found == names.end()) return false;
        kinds.push_back(found->first);
        return true;
    });
    if (known) return kinds;
    return std::unexpected(fmt::format(
        "'{}' is no list of scenarios: write seed, cold, download, unverified or all", text));
}

Parsed<std::vector<std::uint32_t>> parse_peer_counts(std::string_view text) {
    constexpr std::uint32_t peers_max = 1 << 20;  // of a connection table
    std::vector<std::uint32_t> counts;
    const bool good = each_part(text, [&](std::string_view part) {
        const auto count = parse_count(part);
        if (!count || *count >= peers_max) return false;
        counts.push_back(*count);
        return true;
    });
    if (good) return counts;
    return std::unexpected(fmt::format("'{}' is no list of peer counts: write 1,100", text));
}

Parsed<std::uint64_t> parse_bench_piece_size(std::string_view text) {
    auto size = parse_size(text);
    if (size &&
        (*size == 0 || *size % block_size_bytes != 0 || *size > metainfo::piece_length_bytes_max))
        return std::unexpected(
            fmt::format("'{}' is no size of pieces here: write a multiple of 16K", text));
    return size;
}

std::vector<BenchScenario> bench_scenarios(const BenchOptions& options, std::uint32_t peers_max) {
    std::vector<BenchScenario> scenarios;
    for (const BenchKind kind : options.kinds) {
        std::uint32_t last = 0;
        for (const std::uint32_t asked :
             options.peers.empty() ? usual_peers(kind) : options.peers) {
            const std::uint32_t peers = std::min(asked, peers_max);
            if (peers != last) scenarios.push_back({kind, peers});
            last = peers;
        }
    }
    return scenarios;
}

}  // namespace spate::cli
