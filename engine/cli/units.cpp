#include "engine/cli/units.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace spate::cli {
namespace {

/// A number at the front, and the rest of the text.
struct Number {
    double value = 0;
    std::string_view rest;
};

std::optional<Number> leading_number(std::string_view text) {
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc() || value < 0 || !std::isfinite(value)) return std::nullopt;
    return Number{value, text.substr(static_cast<std::size_t>(end - text.data()))};
}

std::optional<unsigned> whole_number(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// The factor of "", "K", "kB", "KiB", "M"...; nothing for other text.
std::optional<double> binary_factor(std::string_view unit) {
    static constexpr std::string_view prefixes = "KMGT";
    if (unit.ends_with('B')) unit.remove_suffix(1);
    if (unit.empty()) return 1;
    if (unit.size() == 2 && unit[1] == 'i') unit.remove_suffix(1);
    if (unit.size() != 1) return std::nullopt;
    const char upper = unit[0] >= 'a' ? static_cast<char>(unit[0] - 'a' + 'A') : unit[0];
    const std::size_t power = prefixes.find(upper);
    if (power == std::string_view::npos) return std::nullopt;
    return std::exp2(10.0 * static_cast<double>(power + 1));
}

/// Appends the CPUs of "3" or "2-5". False when it is neither.
bool append_range(std::string_view part, std::vector<unsigned>& cpus) {
    const std::size_t dash = part.find('-');
    const auto first = whole_number(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : whole_number(part.substr(dash + 1));
    if (!first || !last || *last < *first || *last - *first > 4096) return false;
    for (unsigned cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
    return true;
}

}  // namespace

Parsed<std::uint64_t> parse_size(std::string_view text) {
    const auto number = leading_number(text);
    const auto factor = number ? binary_factor(number->rest) : std::nullopt;
    if (!factor)
        return std::unexpected(fmt::format("'{}' is no size: write 4096, 256K, 1.5M or 2G", text));
    const double bytes = number->value * *factor;
    if (bytes >= std::exp2(63)) return std::unexpected(fmt::format("'{}' is too large", text));
    return static_cast<std::uint64_t>(bytes);
}

Parsed<std::uint64_t> parse_rate(std::string_view text) {
    if (text == "unlimited") return 0;
    std::string_view size = text;
    if (size.ends_with("/s")) size.remove_suffix(2);
    const auto bytes = parse_size(size);
    const bool under_a_byte = bytes == 0U && size.find_first_of("123456789") != size.npos;
    if (!bytes || under_a_byte)
        return std::unexpected(fmt::format(
            "'{}' is no rate: write bytes per second such as 500K, 20M or unlimited", text));
    return *bytes;
}

Parsed<Duration> parse_duration(std::string_view text) {
    const auto number = leading_number(text);
    const std::string_view unit = number ? number->rest : "?";
    const double seconds = unit == "us"                  ? 1e-6
                           : unit == "ms"                ? 1e-3
                           : unit.empty() || unit == "s" ? 1
                           : unit == "m"                 ? 60
                           : unit == "h"                 ? 3600
                           : unit == "d"                 ? 86400
                                                         : 0;
    if (seconds == 0 || number->value * seconds < 1e-6 || number->value * seconds > 1e9)
        return std::unexpected(fmt::format("'{}' is no time: write 30, 30s, 5m or 2h", text));
    return std::chrono::round<Duration>(std::chrono::duration<double>(number->value * seconds));
}

Parsed<std::vector<unsigned>> parse_cores(std::string_view text,
                                          const std::vector<unsigned>& available) {
    if (const auto count = whole_number(text)) {
        if (*count >= 1 && *count <= available.size())
            return std::vector(available.begin(), available.begin() + *count);
        return std::unexpected(fmt::format("'{}' cores aren't there: this process may use {}", text,
                                           available.size()));
    }
    std::vector<unsigned> cpus;
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        if (!append_range(rest.substr(0, comma), cpus))
            return std::unexpected(
                fmt::format("'{}' is no list of cores: write 2, 0,1 or 0-3", text));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    for (const unsigned cpu : cpus) {
        if (std::ranges::find(available, cpu) == available.end())
            return std::unexpected(fmt::format("CPU {} isn't one that this process may use", cpu));
        if (std::ranges::count(cpus, cpu) > 1)
            return std::unexpected(fmt::format("CPU {} is named twice", cpu));
    }
    if (cpus.empty()) return std::unexpected("no core is named");
    return cpus;
}

Parsed<Endpoint> parse_endpoint(std::string_view text) {
    const std::string whole =
        text.starts_with(':') ? "0.0.0.0" + std::string(text) : std::string(text);
    if (const auto endpoint = Endpoint::parse(whole)) return *endpoint;
    return std::unexpected(
        fmt::format("'{}' is no address: write 192.0.2.1:6881 or [2001:db8::1]:6881", text));
}

Parsed<std::uint32_t> parse_count(std::string_view text) {
    if (text == "unlimited") return std::numeric_limits<std::uint32_t>::max();
    const auto count = whole_number(text);
    if (count && *count >= 1) return *count;
    return std::unexpected(fmt::format("'{}' is neither a number from 1 on nor 'unlimited'", text));
}

std::string format_bytes(double bytes) {
    static constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    std::size_t unit = 0;
    while (bytes >= 1000 && unit + 1 < std::size(units)) bytes /= 1024, ++unit;
    const int digits = unit == 0 ? 0 : bytes < 9.995 ? 2 : bytes < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f} {}", bytes, digits, units[unit]);
}

std::string format_rate(double bytes_per_s) {
    return format_bytes(bytes_per_s) + "/s";
}

std::string format_time(double seconds) {
    const auto whole = static_cast<std::uint64_t>(std::max(0.0, seconds));
    if (whole >= 100 * 3600) return fmt::format("{}d {}h", whole / 86400, whole / 3600 % 24);
    if (whole >= 3600)
        return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
    return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace spate::cli
