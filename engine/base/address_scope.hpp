#pragma once
// engine/base/address_scope.hpp: from where an address can be reached.
#include <cstdint>

#include "engine/base/endpoint.hpp"

namespace spate {

enum class AddressScope : std::uint8_t {
    nowhere,   // unspecified (which Linux takes for this machine), "this network", multicast,
               // broadcast
    loopback,  // this machine alone
    inner,  // private, link-local, shared (RFC 6598), and other networks that aren't the public one
    open,   // the public network
};

/// IPv6 addresses that embed an IPv4 one (RFC 6052, 6to4, compatible) are what that is, as far as
/// it isn't open: a gateway of the network would take the packet there.
AddressScope scope_of(const IpAddress& address);

inline bool is_open(const IpAddress& address) {
    return scope_of(address) == AddressScope::open;
}

/// Both are loopback, or of one family with the same IPv4 /24 or IPv6 /64.
bool on_same_network(const IpAddress& a, const IpAddress& b);

}  // namespace spate
