#include "engine/wire/wire_error.hpp"

#include <array>

#include "engine/base/assert.hpp"

namespace spate::wire {

const char* name(WireError error) {
    static constexpr std::array<const char*, wire_error_count> names{
        "not_bittorrent",
        "message_too_long",
        "bad_length",
        "bitfield_length",
        "bad_piece_index",
        "bad_block_range",
        "block_too_long",
        "block_empty",
        "bad_extension_handshake",
        "bad_metadata_message",
        "bitfield_late",
        "bitfield_spare_bits",
        "fast_not_negotiated",
        "extension_not_negotiated",
        "too_many_requests",
    };
    const auto index = static_cast<std::size_t>(error);
    SPATE_ASSERT(index < names.size());
    return names[index];
}

}  // namespace spate::wire
