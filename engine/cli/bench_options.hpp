#pragma once
// engine/cli/bench_options.hpp: what `spate bench` is asked to measure.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.hpp"
#include "engine/cli/units.hpp"

namespace spate::cli {

enum class BenchKind : std::uint8_t { seed, cold, download, unverified };

struct BenchScenario {
    BenchKind kind = BenchKind::seed;
    std::uint32_t peers = 1;

    bool downloads() const { return kind == BenchKind::download || kind == BenchKind::unverified; }
};

struct BenchOptions {
    std::vector<BenchKind> kinds{BenchKind::seed, BenchKind::download};
    std::vector<std::uint32_t> peers;  // empty: each kind's own
    std::uint32_t runs = 3;
    Duration time = 2s;
    std::uint64_t size_bytes = 1ULL << 30;
    std::uint64_t piece_length_bytes = 256 << 10;
    std::string folder = "/var/tmp";  // /tmp may be memory, where files behave otherwise
    std::string spin;                 // of the engine
    std::uint32_t core_threads = 1;   // of the engine, all on its CPU
};

std::string_view name_of(BenchKind kind);
/// "seed,download", or "all".
Parsed<std::vector<BenchKind>> parse_bench_kinds(std::string_view text);
/// "1,100,1000".
Parsed<std::vector<std::uint32_t>> parse_peer_counts(std::string_view text);
/// A whole number of blocks, at least one.
Parsed<std::uint64_t> parse_bench_piece_size(std::string_view text);

/// What is asked for, with at most `peers_max` peers each.
std::vector<BenchScenario> bench_scenarios(const BenchOptions& options, std::uint32_t peers_max);

}  // namespace spate::cli
