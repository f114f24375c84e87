#include "engine/cli/progress_line.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "engine/cli/units.hpp"

namespace spate::cli {
namespace {

constexpr std::size_t name_columns_max = 28;
constexpr std::size_t name_columns_min = 8;
constexpr std::size_t bar_columns_max = 30;
constexpr std::size_t bar_columns_min = 6;

bool starts_character(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

double fraction(const Progress& progress) {
    if (progress.total_bytes == 0) return 0;
    return std::min(
        1.0, static_cast<double>(progress.done_bytes) / static_cast<double>(progress.total_bytes));
}

std::string bar(double done, std::size_t width) {
    const auto full = static_cast<std::size_t>(std::floor(done * static_cast<double>(width)));
    std::string text;
    for (std::size_t i = 0; i < width; ++i) text += i < full ? "█" : "░";
    return text;
}

std::string time_left(const Progress& progress) {
    if (progress.state != TransferState::downloading || progress.down_bytes_per_s < 1) return {};
    const auto left = static_cast<double>(progress.total_bytes -
                                          std::min(progress.done_bytes, progress.total_bytes));
    return fmt::format("{} left", format_time(left / progress.down_bytes_per_s));
}

/// What stands right of the bar, most important first.
std::vector<std::string> facts(const Progress& progress) {
    std::vector<std::string> result;
    const auto add = [&](std::string text) {
        if (!text.empty()) result.push_back(std::move(text));
    };
    const bool transfers =
        progress.state == TransferState::downloading || progress.state == TransferState::seeding;
    if (progress.state != TransferState::downloading) add(std::string(state_name(progress.state)));
    if (progress.state == TransferState::downloading)
        add("↓ " + format_rate(progress.down_bytes_per_s));
    if (progress.state == TransferState::checking && progress.down_bytes_per_s >= 1)
        add(format_rate(progress.down_bytes_per_s));
    add(time_left(progress));
    if (progress.state != TransferState::checking && progress.state != TransferState::stopped)
        add(fmt::format("{} peer{}", progress.peers, progress.peers == 1 ? "" : "s"));
    if (transfers && (progress.up_bytes_per_s >= 1 || progress.state == TransferState::seeding))
        add("↑ " + format_rate(progress.up_bytes_per_s));
    return result;
}

}  // namespace

std::string_view state_name(TransferState state) {
    switch (state) {
        case TransferState::checking:
            return "checking";
        case TransferState::metadata:
            return "metadata";
        case TransferState::downloading:
            return "downloading";
        case TransferState::seeding:
            return "seeding";
        case TransferState::stopped:
            return "stopped";
    }
    return "";
}

std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, starts_character));
}

std::string fit(std::string_view text, std::size_t width) {
    if (columns(text) <= width) return std::string(text);
    if (width == 0) return {};
    std::size_t at = 0;
    for (std::size_t seen = 0; at < text.size(); ++at)
        if (starts_character(text[at]) && ++seen == width) break;
    return std::string(text.substr(0, at)) + "…";
}

std::string progress_line(const Progress& progress, std::size_t width) {
    const std::string percent = progress.total_bytes == 0
                                    ? "  – "
                                    : fmt::format("{:3.0f}%", std::floor(fraction(progress) * 100));
    const std::size_t name_width = std::clamp(width / 4, name_columns_min, name_columns_max);
    std::string line = fit(progress.name, name_width);
    line.append(name_width - columns(line), ' ');
    const std::size_t bar_width =
        std::clamp<std::size_t>(width / 4, bar_columns_min, bar_columns_max);
    if (columns(line) + 1 + bar_width + 5 <= width)
        line += " " + bar(fraction(progress), bar_width);
    if (columns(line) + 5 <= width) line += " " + percent;
    for (const std::string& fact : facts(progress)) {
        if (columns(line) + 2 + columns(fact) > width) break;
        line += "  " + fact;
    }
    return fit(line, width);
}

}  // namespace spate::cli
