#pragma once
// engine/swarm/bits.hpp: a bitfield's bits, sixty-four at a time.
#include <bit>
#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/base/bitfield.hpp"

namespace spate::swarm {

/// Calls `use` with the index of each bit that is set, lowest first.
template <class Use>
void for_each_set(const Bitfield& bits, Use&& use) {
    for (std::size_t bit = 0; bit < bits.size(); bit += 64) {
        for (std::uint64_t word = bits.word(bit / 8); word != 0;) {
            const int first = std::countl_zero(word);
            use(static_cast<std::uint32_t>(bit) + static_cast<std::uint32_t>(first));
            word &= ~(std::uint64_t{1} << (63 - first));
        }
    }
}

/// Bits that are set in both.
inline std::uint32_t count_common(const Bitfield& a, const Bitfield& b) {
    SPATE_ASSERT(a.size() == b.size());
    if (a.none() || b.none()) return 0;
    std::uint32_t count = 0;
    for (std::size_t bit = 0; bit < a.size(); bit += 64)
        count += static_cast<std::uint32_t>(std::popcount(a.word(bit / 8) & b.word(bit / 8)));
    return count;
}

}  // namespace spate::swarm
