#pragma once
// engine/tracker/tracker_url.hpp: the parts of an announce URL.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.hpp"

namespace spate::tracker {

inline constexpr std::size_t tracker_url_size_max = 2'048;

struct TrackerUrl {
    enum class Scheme : std::uint8_t { http, https, udp };

    Scheme scheme{};
    /// Lower case; an IPv6 address without its brackets.
    std::string host;
    std::uint16_t port = 0;
    /// From the first '/' or '?' on, without the fragment; may be empty.
    std::string path_and_query;

    /// Refuses other schemes, an empty host, a UDP URL without a port, user names, control
    /// characters and spaces.
    static std::optional<TrackerUrl> parse(std::string_view url);
};

/// Every byte outside RFC 3986's unreserved set as %XX.
void append_percent_encoded(std::string& out, Bytes bytes);

/// Undoes percent-encoding; empty when a '%' isn't followed by two digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace spate::tracker
