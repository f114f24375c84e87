#pragma once
// engine/swarm/prefetch.hpp: the bits of a peer that hasn't been asked for a while.
#include <algorithm>
#include <cstddef>

#include "engine/base/bitfield.hpp"

namespace spate::swarm {

/// Fetches a cold peer's bits ahead of their tests: a few at first, as most peers have one of the
/// first pieces, and more the longer the search goes on, so that it doesn't wait for memory at each
/// step. One search an object.
class BitPrefetcher {
public:
    static constexpr std::size_t ahead_min = 6;
    static constexpr std::size_t ahead_max = 32;

    /// `first`: where the search begins. `end`: of what is searched.
    BitPrefetcher(const Bitfield& bits, std::size_t first, std::size_t end)
        : bits_(bits), fetched_(first), end_(end), ahead_(ahead_min) {}

    /// Before the test at `at`; `bit_of` names the bit that is tested there.
    template <class BitOf>
    void before(std::size_t at, BitOf&& bit_of) {
        for (const std::size_t until = std::min(at + ahead_, end_); fetched_ < until; ++fetched_)
            bits_.prefetch(bit_of(fetched_));
        ahead_ = std::min(ahead_ + 2, ahead_max);
    }

private:
    const Bitfield& bits_;
    std::size_t fetched_;
    const std::size_t end_;
    std::size_t ahead_;
};

}  // namespace spate::swarm
