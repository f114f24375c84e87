#pragma once
// engine/swarm/peer_priority.hpp: which of many peers to be connected to (BEP 40).
#include <cstdint>

#include "engine/base/bytes.hpp"
#include "engine/base/endpoint.hpp"

namespace spate::swarm {

/// CRC-32C (Castagnoli), as RFC 3720 has it.
std::uint32_t crc32c(Bytes bytes);

/// The canonical priority of a connection between the two, greater is better; both ends compute the
/// same, so that a swarm whose peers keep their best connections is well mixed, and nobody can
/// crowd all others out. IPv4 addresses are masked to what differs: /16 apart, /24 apart, or whole;
/// IPv6 likewise at /32, /48, and so on by bytes. Addresses of different families get 0.
std::uint32_t peer_priority(const Endpoint& ours, const Endpoint& theirs);

}  // namespace spate::swarm
