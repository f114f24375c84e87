#include "engine/tracker/tracker_url.hpp"

#include <algorithm>
#include <charconv>

#include "engine/base/hex.hpp"
#include "engine/metainfo/text.hpp"

namespace spate::tracker {
namespace {

std::string lower(std::string_view text) {
    std::string lowered(text);
    std::ranges::transform(lowered, lowered.begin(), metainfo::lower);
    return lowered;
}

std::optional<TrackerUrl::Scheme> parse_scheme(std::string_view name) {
    const std::string lowered = lower(name);
    if (lowered == "http") return TrackerUrl::Scheme::http;
    if (lowered == "https") return TrackerUrl::Scheme::https;
    if (lowered == "udp") return TrackerUrl::Scheme::udp;
    return std::nullopt;
}

std::uint16_t default_port(TrackerUrl::Scheme scheme) {
    if (scheme == TrackerUrl::Scheme::http) return 80;
    return scheme == TrackerUrl::Scheme::https ? 443 : 0;
}

struct HostAndPort {
    std::string_view host;
    std::string_view port;  // empty when not given
};

std::optional<HostAndPort> split_authority(std::string_view authority) {
    std::size_t host_end = authority.find(':');
    std::string_view host = authority.substr(0, host_end);
    if (authority.starts_with('[')) {
        const std::size_t bracket = authority.find(']');
        if (bracket == std::string_view::npos) return std::nullopt;
        host = authority.substr(1, bracket - 1);
        host_end = bracket + 1;
    }
    if (host_end >= authority.size()) return HostAndPort{host, {}};
    if (authority[host_end] != ':') return std::nullopt;
    return HostAndPort{host, authority.substr(host_end + 1)};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

}  // namespace

std::optional<TrackerUrl> TrackerUrl::parse(std::string_view url) {
    const auto unprintable = [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
    };
    if (url.size() > tracker_url_size_max || std::ranges::any_of(url, unprintable))
        return std::nullopt;
    const std::size_t colon = url.find("://");
    if (colon == std::string_view::npos) return std::nullopt;
    const auto scheme = parse_scheme(url.substr(0, colon));
    if (!scheme) return std::nullopt;

    url = url.substr(colon + 3);
    url = url.substr(0, url.find('#'));
    const std::size_t path = std::min(url.find_first_of("/?"), url.size());
    const std::string_view authority = url.substr(0, path);
    if (authority.find('@') != std::string_view::npos) return std::nullopt;
    const auto parts = split_authority(authority);
    if (!parts || parts->host.empty()) return std::nullopt;

    TrackerUrl parsed{*scheme, lower(parts->host), default_port(*scheme),
                      std::string(url.substr(path))};
    if (!parts->port.empty()) {
        const auto port = parse_port(parts->port);
        if (!port) return std::nullopt;
        parsed.port = *port;
    }
    if (parsed.port == 0) return std::nullopt;
    return parsed;
}

void append_percent_encoded(std::string& out, Bytes bytes) {
    static constexpr char digits[] = "0123456789ABCDEF";
    for (const std::byte b : bytes) {
        const char c = static_cast<char>(b);
        if (is_unreserved(c)) {
            out += c;
            continue;
        }
        out += '%';
        out += digits[std::to_integer<unsigned>(b >> 4)];
        out += digits[std::to_integer<unsigned>(b & std::byte{15})];
    }
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const auto high = hex_digit(text[i + 1]);
        const auto low = hex_digit(text[i + 2]);
        if (!high || !low) return std::nullopt;
        decoded += static_cast<char>(*high << 4 | *low);
        i += 2;
    }
    return decoded;
}

}  // namespace spate::tracker
