#include "engine/cli/name_lookup.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>
#include <netdb.h>
#include <optional>
#include <sys/socket.h>

#include <fmt/format.h>

#include "engine/metainfo/text.hpp"

namespace spate::cli {
namespace {

constexpr std::size_t host_name_length_max = 253;  // RFC 1035, 2.3.4

bool is_host_name(std::string_view text) {
    return !text.empty() && text.size() <= host_name_length_max &&
           std::ranges::all_of(text, [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
           });
}

/// Appends the host's addresses; else why there is none.
std::optional<std::string> resolve(const metainfo::HostPort& host, std::vector<Endpoint>& out) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* answer = nullptr;
    const int error = ::getaddrinfo(host.host.c_str(), nullptr, &hints, &answer);
    if (error != 0) return ::gai_strerror(error);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(answer, &::freeaddrinfo);
    for (const addrinfo* each = answer; each != nullptr; each = each->ai_next)
        if (const auto address = IpAddress::of(*each->ai_addr))
            out.push_back({*address, host.port});
    return std::nullopt;
}

}  // namespace

Parsed<metainfo::HostPort> parse_peer(std::string_view text) {
    if (const auto endpoint = Endpoint::parse(text); endpoint && endpoint->port != 0)
        return metainfo::HostPort{endpoint->address.to_string(), endpoint->port};
    const std::size_t colon = text.rfind(':');
    const std::string_view host = text.substr(0, colon);
    if (colon != std::string_view::npos && is_host_name(host)) {
        std::uint16_t port = 0;
        const auto [end, error] =
            std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
        if (error == std::errc{} && end == text.data() + text.size() && port != 0)
            return metainfo::HostPort{std::string(host), port};
    }
    return std::unexpected(
        fmt::format("{} is no peer: write 192.0.2.1:6881, [2001:db8::1]:6881 or host.example:6881",
                    metainfo::quoted(text)));
}

std::vector<Endpoint> look_up(const std::vector<metainfo::HostPort>& hosts, Console& console) {
    std::vector<Endpoint> endpoints;
    for (const metainfo::HostPort& host : hosts) {
        if (const auto address = IpAddress::parse(host.host))
            endpoints.push_back({*address, host.port});
        else if (const auto failure = resolve(host, endpoints))
            console.warning(fmt::format("the peer {} is left out: {}", host.host, *failure),
                            host.host);
    }
    return endpoints;
}

}  // namespace spate::cli
