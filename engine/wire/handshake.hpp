#pragma once
// engine/wire/handshake.hpp: the first 68 bytes of a connection (BEP 3).
#include <array>
#include <cstddef>
#include <expected>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/wire/wire_error.hpp"

namespace spate::wire {

/// What both ends say first. The flags are bits of the reserved bytes; others are ignored.
struct Handshake {
    InfoHash info_hash;
    PeerId peer_id;
    bool extensions = false;  // BEP 10
    bool fast = false;        // BEP 6
    bool dht = false;         // BEP 5
    bool operator==(const Handshake&) const = default;
};

inline constexpr std::size_t handshake_size_bytes = 68;

std::array<std::byte, handshake_size_bytes> encode(const Handshake& handshake);

/// `bytes` is handshake_size_bytes long. Fails with not_bittorrent only.
[[nodiscard]] std::expected<Handshake, WireError> parse_handshake(Bytes bytes);

/// Whether a handshake can begin with `start` (any length): wrong peers are dropped at once.
bool can_begin_handshake(Bytes start);

}  // namespace spate::wire
