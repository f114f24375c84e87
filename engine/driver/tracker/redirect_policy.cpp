#include "engine/driver/tracker/redirect_policy.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace spate::driver {
namespace {

struct Ipv4Range {
    std::uint32_t first;
    unsigned prefix_bits;
};

/// IANA's special-purpose registry, as far as IpAddress::is_private() doesn't know it.
constexpr std::array<Ipv4Range, 7> special_ipv4{{
    {0x00000000, 8},   // this network
    {0x64400000, 10},  // 100.64/10, shared
    {0xc0000000, 24},  // 192.0.0/24, protocol assignments
    {0xc0586300, 24},  // 192.88.99/24, 6to4 relays
    {0xc6120000, 15},  // 198.18/15, benchmarks
    {0xe0000000, 4},   // multicast
    {0xf0000000, 4},   // reserved, broadcast
}};

bool is_internal_ipv4(const IpAddress& address) {
    const auto number = load_be<std::uint32_t>(address.bytes().data());
    return address.is_private() || std::ranges::any_of(special_ipv4, [&](const Ipv4Range& range) {
               return (number ^ range.first) >> (32 - range.prefix_bits) == 0;
           });
}

/// The IPv4 address inside an IPv6 one, where a gateway would take the packet.
std::optional<IpAddress> embedded_ipv4(Bytes bytes) {
    const auto high = load_be<std::uint64_t>(bytes.data());
    const auto low = load_be<std::uint64_t>(bytes.data() + 8);
    if (high == 0 && low >> 32 == 0) return IpAddress(bytes.subspan(12, 4));  // ::a.b.c.d
    if (high == 0x0064ff9b00000000 && low >> 32 == 0)                         // RFC 6052
        return IpAddress(bytes.subspan(12, 4));
    if (high >> 48 == 0x2002) return IpAddress(bytes.subspan(2, 4));  // 6to4
    return std::nullopt;
}

}  // namespace

bool is_internal_address(const IpAddress& address) {
    if (address.is_v4()) return is_internal_ipv4(address);
    if (address.is_unspecified() || address.is_private() || address.is_multicast()) return true;
    const auto inside = embedded_ipv4(address.bytes());
    return inside && is_internal_ipv4(*inside);
}

bool redirect_allowed(std::span<const IpAddress> origin, const IpAddress& target) {
    if (target.is_unspecified() || target.is_multicast()) return false;
    if (!is_internal_address(target)) return true;
    return std::ranges::any_of(origin, [&](const IpAddress& named) {
        if (named.is_loopback() || target.is_loopback())
            return named.is_loopback() && target.is_loopback();
        if (named.family() != target.family()) return false;
        const std::size_t network_size = target.is_v4() ? 3 : 8;
        return std::ranges::equal(named.bytes().first(network_size),
                                  target.bytes().first(network_size));
    });
}

}  // namespace spate::driver
