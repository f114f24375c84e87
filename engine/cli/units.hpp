#pragma once
// engine/cli/units.hpp: sizes, rates, times and lists as users write and read them.
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/time.hpp"

namespace spate::cli {

/// The value, or the end of a sentence: "'12Q' is no size: write ...".
template <class T>
using Parsed = std::expected<T, std::string>;

/// "4096", "256K", "1.5G", "64MiB": K, M, G and T are binary; a final "B" or "iB" may follow.
Parsed<std::uint64_t> parse_size(std::string_view text);
/// As a size, optionally with "/s"; "unlimited" and 0 are 0.
Parsed<std::uint64_t> parse_rate(std::string_view text);
/// "90", "90s", "1.5m", "2h", "500ms", "1d"; more than zero.
Parsed<Duration> parse_duration(std::string_view text);
/// "N": the first N of `available`. "0,2-3" and "2-2": these CPUs, each available and named once.
Parsed<std::vector<unsigned>> parse_cores(std::string_view text,
                                          const std::vector<unsigned>& available);
/// "ADDR:PORT", "[ADDR]:PORT", and ":PORT" for any IPv4 address.
Parsed<Endpoint> parse_endpoint(std::string_view text);
/// A whole number of at least 1, or "unlimited": the largest number.
Parsed<std::uint32_t> parse_count(std::string_view text);

/// "1.50 GiB", "12 B": three digits at most before the unit changes.
std::string format_bytes(double bytes);
std::string format_rate(double bytes_per_s);
/// "0:42", "12:05", "3:07:11", "5d 3h".
std::string format_time(double seconds);

}  // namespace spate::cli
