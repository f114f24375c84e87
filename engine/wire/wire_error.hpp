#pragma once
// engine/wire/wire_error.hpp: why a peer was dropped. Counted by name.
#include <cstddef>
#include <cstdint>

namespace spate::wire {

/// How a peer broke the protocol. The last group needs knowledge of the torrent or of what was
/// negotiated: the session finds those.
enum class WireError : std::uint8_t {
    not_bittorrent,
    message_too_long,
    bad_length,
    bitfield_length,
    bad_piece_index,
    bad_block_range,
    block_too_long,
    block_empty,
    bad_extension_handshake,
    bad_metadata_message,
    bitfield_late,
    bitfield_spare_bits,
    fast_not_negotiated,
    extension_not_negotiated,
    too_many_requests,
};

inline constexpr std::size_t wire_error_count = 15;

/// The counted reason, such as "bad_piece_index".
const char* name(WireError error);

}  // namespace spate::wire
