#pragma once
// engine/swarm/bits.hpp: a bitfield's bits, sixty-four at a time.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "engine/base/assert.hpp"
#include "engine/base/bitfield.hpp"
#include "engine/base/bytes.hpp"

namespace spate::swarm {

/// Eight bytes from `at`, fewer at the end: the first bit is the highest, absent ones are zero.
inline std::uint64_t bit_word(Bytes wire, std::size_t at) {
    std::uint64_t word = 0;
    std::memcpy(&word, wire.data() + at, std::min<std::size_t>(8, wire.size() - at));
    return std::byteswap(word);
}

/// Calls `use` with the index of each bit that is set, lowest first.
template <class Use>
void for_each_set(const Bitfield& bits, Use&& use) {
    const Bytes wire = bits.wire_bytes();
    for (std::size_t at = 0; at < wire.size(); at += 8) {
        for (std::uint64_t word = bit_word(wire, at); word != 0;) {
            const int first = std::countl_zero(word);
            use(static_cast<std::uint32_t>(at * 8) + static_cast<std::uint32_t>(first));
            word &= ~(std::uint64_t{1} << (63 - first));
        }
    }
}

/// Bits that are set in both.
inline std::uint32_t count_common(const Bitfield& a, const Bitfield& b) {
    SPATE_ASSERT(a.size() == b.size());
    std::uint32_t count = 0;
    for (std::size_t at = 0; at < a.wire_bytes().size(); at += 8)
        count += static_cast<std::uint32_t>(
            std::popcount(bit_word(a.wire_bytes(), at) & bit_word(b.wire_bytes(), at)));
    return count;
}

}  // namespace spate::swarm
