#pragma once
// engine/cli/progress_line.hpp: one torrent's progress on one line of a terminal.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spate::cli {

enum class TransferState : std::uint8_t { checking, metadata, downloading, seeding, stopped };

/// As in the `progress` event.
std::string_view state_name(TransferState state);

struct Progress {
    std::string name;
    TransferState state = TransferState::checking;
    std::uint64_t done_bytes = 0;
    std::uint64_t total_bytes = 0;
    double down_bytes_per_s = 0;
    double up_bytes_per_s = 0;
    std::uint32_t peers = 0;
    std::uint32_t seeds = 0;
};

/// Name, bar, percent, rates, peers and time left in at most `width` columns. What doesn't fit is
/// left out, from the right; names are cut. No line break.
std::string progress_line(const Progress& progress, std::size_t width);

/// Columns of UTF-8 text, one a character.
std::size_t columns(std::string_view text);
/// The first `width` columns; what is cut ends in "…".
std::string fit(std::string_view text, std::size_t width);

}  // namespace spate::cli
