#include "engine/tracker/reach.hpp"

#include <algorithm>

#include "engine/base/address_scope.hpp"
#include "engine/metainfo/text.hpp"

namespace spate::tracker {
namespace {

constexpr std::uint16_t privileged_ports_end = 1024;

/// Nothing that a server could take for a separator but the slash, or undo.
bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~' || c == '/';
}

/// `path` without a query.
bool is_announce_path(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return false;
    const std::string_view last = path.substr(slash + 1);
    return (metainfo::starts_with_in_any_case(last, "announce") ||
            metainfo::starts_with_in_any_case(last, "scrape")) &&
           std::ranges::all_of(path, is_plain);
}

}  // namespace

bool may_ask(Origin origin, const TrackerUrl& url, const IpAddress& address) {
    if (origin == Origin::user || is_open(address)) return true;
    if (scope_of(address) == AddressScope::nowhere) return false;
    return url.scheme == TrackerUrl::Scheme::udp || is_announce_path(url.path_and_query);
}

bool may_follow(Origin origin, std::span<const IpAddress> named, std::string_view path_and_query,
                const IpAddress& address) {
    if (is_open(address)) return true;
    if (scope_of(address) == AddressScope::nowhere) return false;
    const bool beside = std::ranges::any_of(
        named, [&](const IpAddress& from) { return on_same_network(from, address); });
    return beside && (origin == Origin::user ||
                      is_announce_path(path_and_query.substr(0, path_and_query.find('?'))));
}

bool may_call(const Endpoint& peer, std::span<const IpAddress> inside) {
    const AddressScope scope = scope_of(peer.address);
    if (scope == AddressScope::open) return true;
    if (scope == AddressScope::nowhere || peer.port < privileged_ports_end) return false;
    return std::ranges::any_of(inside, [&](const IpAddress& address) {
        const AddressScope here = scope_of(address);
        return here == AddressScope::loopback ||
               (here == AddressScope::inner && scope == AddressScope::inner);
    });
}

}  // namespace spate::tracker
