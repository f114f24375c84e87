#include "engine/metainfo/piece_size.hpp"

#include "engine/base/assert.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::metainfo {

std::uint32_t choose_piece_length_bytes(std::uint64_t total_bytes) {
    SPATE_ASSERT(total_bytes <= total_bytes_max);
    std::uint32_t length = automatic_piece_length_bytes_min;
    const auto pieces = [&] { return (total_bytes + length - 1) / length; };
    while (pieces() > automatic_pieces_max && length < automatic_piece_length_bytes_max)
        length *= 2;
    while (pieces() > pieces_max) length *= 2;
    return length;
}

}  // namespace spate::metainfo
