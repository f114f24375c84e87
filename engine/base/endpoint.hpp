#pragma once
// engine/base/endpoint.hpp: IP addresses and ports as values.
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.hpp"

struct sockaddr;

namespace spate {

/// An IPv4 or IPv6 address. IPv4 is kept in the first four bytes; mapped addresses
/// (::ffff:a.b.c.d) are turned into IPv4 when parsed, so that equal hosts compare equal.
class IpAddress {
public:
    enum class Family : std::uint8_t { v4, v6 };

    IpAddress() = default;
    /// 4 or 16 bytes in network order.
    explicit IpAddress(Bytes network_order);

    /// "192.0.2.1", "2001:db8::1" or "[2001:db8::1]".
    static std::optional<IpAddress> parse(std::string_view text);
    /// Of a whole sockaddr_in or sockaddr_in6; empty for other families.
    static std::optional<IpAddress> of(const sockaddr& address);

    Family family() const { return family_; }
    bool is_v4() const { return family_ == Family::v4; }
    /// 4 or 16 bytes in network order.
    Bytes bytes() const { return Bytes(bytes_).first(is_v4() ? 4 : 16); }

    bool is_unspecified() const;
    bool is_loopback() const;
    bool is_link_local() const;
    bool is_multicast() const;

    std::string to_string() const;
    auto operator<=>(const IpAddress&) const = default;

private:
    Family family_ = Family::v4;
    std::array<std::byte, 16> bytes_{};
};

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;

    /// "192.0.2.1:6881" or "[2001:db8::1]:6881".
    static std::optional<Endpoint> parse(std::string_view text);
    std::string to_string() const;
    auto operator<=>(const Endpoint&) const = default;
};

/// BEP 23 (6 bytes each) and BEP 7 (18 bytes each); a trailing partial entry is ignored.
std::vector<Endpoint> parse_compact_endpoints(Bytes compact, IpAddress::Family family);
void append_compact(std::vector<std::byte>& out, const Endpoint& endpoint);

}  // namespace spate

template <>
struct std::hash<spate::Endpoint> {
    std::size_t operator()(const spate::Endpoint& endpoint) const noexcept {
        std::size_t mixed = endpoint.port;
        for (const std::byte b : endpoint.address.bytes())
            mixed = mixed * 0x100000001b3 ^ std::to_integer<std::size_t>(b);
        return mixed;
    }
};
