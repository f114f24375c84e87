#include "engine/wire/handshake.hpp"

#include <algorithm>
#include <string_view>

#include "engine/base/assert.hpp"

namespace spate::wire {
namespace {

constexpr std::string_view protocol =
    "\x13"
    "BitTorrent protocol";
constexpr std::size_t reserved_at = protocol.size();
constexpr std::size_t info_hash_at = reserved_at + 8;
constexpr std::size_t peer_id_at = info_hash_at + InfoHash::size_bytes;
static_assert(peer_id_at + PeerId::size_bytes == handshake_size_bytes);

constexpr std::byte extensions_bit{0x10};  // of reserved byte 5
constexpr std::byte fast_bit{0x04};        // of reserved byte 7
constexpr std::byte dht_bit{0x01};         // of reserved byte 7

}  // namespace

std::array<std::byte, handshake_size_bytes> encode(const Handshake& handshake) {
    std::array<std::byte, handshake_size_bytes> out{};
    std::ranges::copy(as_bytes(protocol), out.begin());
    if (handshake.extensions) out[reserved_at + 5] |= extensions_bit;
    if (handshake.fast) out[reserved_at + 7] |= fast_bit;
    if (handshake.dht) out[reserved_at + 7] |= dht_bit;
    std::ranges::copy(handshake.info_hash.bytes, out.begin() + info_hash_at);
    std::ranges::copy(handshake.peer_id.bytes, out.begin() + peer_id_at);
    return out;
}

bool can_begin_handshake(Bytes start) {
    const std::size_t checked = std::min(start.size(), protocol.size());
    return std::ranges::equal(start.first(checked), as_bytes(protocol).first(checked));
}

std::expected<Handshake, WireError> parse_handshake(Bytes bytes) {
    SPATE_ASSERT(bytes.size() == handshake_size_bytes);
    if (!can_begin_handshake(bytes)) return std::unexpected(WireError::not_bittorrent);
    const auto has = [&](std::size_t reserved_byte, std::byte bit) {
        return (bytes[reserved_at + reserved_byte] & bit) != std::byte{0};
    };
    Handshake handshake{.info_hash = {},
                        .peer_id = {},
                        .extensions = has(5, extensions_bit),
                        .fast = has(7, fast_bit),
                        .dht = has(7, dht_bit)};
    std::ranges::copy(bytes.subspan(info_hash_at, InfoHash::size_bytes),
                      handshake.info_hash.bytes.begin());
    std::ranges::copy(bytes.subspan(peer_id_at), handshake.peer_id.bytes.begin());
    return handshake;
}

}  // namespace spate::wire
