#include "engine/base/address_scope.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "engine/base/bytes.hpp"

namespace spate {
namespace {

struct Ipv4Range {
    std::uint32_t first;
    unsigned prefix_bits;
    AddressScope scope;
};

/// IANA's special-purpose registry. The documentation's ranges are left out: nobody is there.
constexpr std::array<Ipv4Range, 12> special_ipv4{{
    {0x00000000, 8, AddressScope::nowhere},   // this network
    {0x7f000000, 8, AddressScope::loopback},  //
    {0x0a000000, 8, AddressScope::inner},     // 10/8
    {0xac100000, 12, AddressScope::inner},    // 172.16/12
    {0xc0a80000, 16, AddressScope::inner},    // 192.168/16
    {0xa9fe0000, 16, AddressScope::inner},    // 169.254/16, link-local
    {0x64400000, 10, AddressScope::inner},    // 100.64/10, shared
    {0xc0000000, 24, AddressScope::inner},    // 192.0.0/24, protocol assignments
    {0xc0586300, 24, AddressScope::inner},    // 192.88.99/24, 6to4 relays
    {0xc6120000, 15, AddressScope::inner},    // 198.18/15, benchmarks
    {0xe0000000, 4, AddressScope::nowhere},   // multicast
    {0xf0000000, 4, AddressScope::nowhere},   // reserved, broadcast
}};

AddressScope scope_of_ipv4(std::uint32_t number) {
    for (const Ipv4Range& range : special_ipv4)
        if ((number ^ range.first) >> (32 - range.prefix_bits) == 0) return range.scope;
    return AddressScope::open;
}

/// Inside an IPv6 one.
std::optional<std::uint32_t> embedded_ipv4(std::uint64_t high, std::uint64_t low) {
    const bool compatible = high == 0 && low >> 32 == 0;                   // ::a.b.c.d
    const bool translated = high == 0x0064ff9b00000000 && low >> 32 == 0;  // RFC 6052
    if (compatible || translated) return static_cast<std::uint32_t>(low);
    if (high >> 48 == 0x2002) return static_cast<std::uint32_t>(high >> 16);  // 6to4
    return std::nullopt;
}

AddressScope scope_of_ipv6(Bytes bytes) {
    const auto high = load_be<std::uint64_t>(bytes.data());
    const auto low = load_be<std::uint64_t>(bytes.data() + 8);
    if (high == 0 && low == 1) return AddressScope::loopback;
    if (high == 0 && low == 0) return AddressScope::nowhere;
    if (high >> 56 == 0xff) return AddressScope::nowhere;         // multicast
    const bool link_local = high >> 54 == 0xfe80 >> 6;            // fe80::/10
    const bool site_local = high >> 54 == 0xfec0 >> 6;            // fec0::/10, of old
    const bool unique_local = high >> 57 == 0xfc >> 1;            // fc00::/7
    const bool local_translation = high >> 16 == 0x0064ff9b0001;  // 64:ff9b:1::/48, RFC 8215
    if (link_local || site_local || unique_local || local_translation) return AddressScope::inner;
    const auto inside = embedded_ipv4(high, low);
    return inside ? scope_of_ipv4(*inside) : AddressScope::open;
}

}  // namespace

AddressScope scope_of(const IpAddress& address) {
    if (!address.is_v4()) return scope_of_ipv6(address.bytes());
    return scope_of_ipv4(load_be<std::uint32_t>(address.bytes().data()));
}

bool on_same_network(const IpAddress& a, const IpAddress& b) {
    const bool loopback = scope_of(a) == AddressScope::loopback;
    if (loopback || scope_of(b) == AddressScope::loopback)
        return loopback && scope_of(b) == AddressScope::loopback;
    if (a.family() != b.family()) return false;
    const std::size_t network_bytes = a.is_v4() ? 3 : 8;
    return std::ranges::equal(a.bytes().first(network_bytes), b.bytes().first(network_bytes));
}

}  // namespace spate
