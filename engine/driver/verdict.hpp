#pragma once
// engine/driver/verdict.hpp: what a run was limited by.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/driver/ledger.hpp"

namespace spate::driver {

enum class Bottleneck : std::uint8_t { idle, core, hashing, disk, peers, choking, rate_limit };
inline constexpr std::array<std::string_view, 7> bottleneck_names{
    "idle", "core", "hashing", "disk", "peers", "choking", "rate_limit"};

struct Verdict {
    Bottleneck bottleneck = Bottleneck::idle;
    /// Of the time in which there was something to do; of all the time if it is `idle`.
    double share = 0;
    std::string sentence;  // for the user
};

/// A core that has this share of its time nothing to do, be it computing or waiting, is idle.
inline constexpr double idle_share_min = 0.98;
/// From this share on a core is the limit, whatever the others wait for.
inline constexpr double saturated_share_min = 0.75;

/// A saturated core is the bottleneck; else whatever took the largest part of the time of all
/// cores. Time without anything to do counts only when there is hardly any other.
Verdict judge(const Ledger& ledger);

}  // namespace spate::driver
