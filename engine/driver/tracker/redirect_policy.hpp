#pragma once
// engine/driver/tracker/redirect_policy.hpp: where a tracker may send us.
#include <span>

#include "engine/base/endpoint.hpp"

namespace spate::driver {

/// Redirects followed in one announce.
inline constexpr unsigned redirects_max = 5;

/// True for what isn't on the public network: private, loopback, link-local, shared (RFC 6598),
/// reserved and multicast addresses, and IPv6 addresses that embed such an IPv4 address.
bool is_internal_address(const IpAddress& address);

/// A tracker must not use us to reach into the user's network: a redirect to an internal address is
/// followed only when the user's own URL named a host on the same network (loopback and loopback,
/// the same IPv4 /24, the same IPv6 /64). `origin` is what that URL's host resolved to.
bool redirect_allowed(std::span<const IpAddress> origin, const IpAddress& target);

}  // namespace spate::driver
