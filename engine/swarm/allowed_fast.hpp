#pragma once
// engine/swarm/allowed_fast.hpp: the pieces a newcomer may have though it is choked (BEP 6).
#include <cstdint>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"

namespace spate::swarm {

/// As BEP 6 suggests.
inline constexpr std::uint32_t allowed_fast_max = 10;

/// BEP 6's canonical set: it follows from the peer's network (/24; for IPv6, which the BEP doesn't
/// know, /64) and the torrent, so that asking again or from a neighbour's address yields no more.
/// `count` pieces, fewer when the torrent hasn't as many.
std::vector<PieceIndex> allowed_fast_set(const IpAddress& peer, const InfoHash& info_hash,
                                         std::uint32_t piece_count, std::uint32_t count);

}  // namespace spate::swarm
