// SHA-NI: the processor's own rounds, for one message or two interleaved; more lose. Compiled with
// SHA and SSE4.1. In the unnamed namespace and always inlined for the reason that
// vector_rounds.hpp gives.
#include <cstddef>
#include <cstdint>
#include <immintrin.h>
#include <utility>

#include "hashing/kernels/sha_constants.hpp"
#include "hashing/lane_kernel.hpp"

namespace spate::hashing {
namespace {

using Vector = __m128i;

[[gnu::always_inline]] inline Vector load(const void* at) {
    return _mm_loadu_si128(static_cast<const Vector*>(at));
}

/// Words `a` to `d` of a lane's column, `a` lowest.
[[gnu::always_inline]] inline Vector load_column(const std::uint32_t* column, unsigned a,
                                                 unsigned b, unsigned c, unsigned d) {
    return _mm_setr_epi32(
        static_cast<int>(column[a * lanes_max]), static_cast<int>(column[b * lanes_max]),
        static_cast<int>(column[c * lanes_max]), static_cast<int>(column[d * lanes_max]));
}

[[gnu::always_inline]] inline void store_column(std::uint32_t* column, Vector x, unsigned a,
                                                unsigned b, unsigned c, unsigned d) {
    column[a * lanes_max] = static_cast<std::uint32_t>(_mm_extract_epi32(x, 0));
    column[b * lanes_max] = static_cast<std::uint32_t>(_mm_extract_epi32(x, 1));
    column[c * lanes_max] = static_cast<std::uint32_t>(_mm_extract_epi32(x, 2));
    column[d * lanes_max] = static_cast<std::uint32_t>(_mm_extract_epi32(x, 3));
}

/// SHA-1 of one message: its state and its schedule. The instructions want A in the highest word.
struct Sha1Lane {
    Vector abcd, e, abcd_before, e_before, w[4];

    [[gnu::always_inline]] void load_state(const std::uint32_t* column) {
        abcd = load_column(column, 3, 2, 1, 0);
        e = _mm_setr_epi32(0, 0, 0, static_cast<int>(column[4 * lanes_max]));
    }

    [[gnu::always_inline]] void store_state(std::uint32_t* column) const {
        store_column(column, abcd, 3, 2, 1, 0);
        column[4 * lanes_max] = static_cast<std::uint32_t>(_mm_extract_epi32(e, 3));
    }

    [[gnu::always_inline]] void begin() {
        abcd_before = abcd;
        e_before = e;
    }

    /// Four rounds, the G-th of twenty times.
    template <std::size_t G>
    [[gnu::always_inline]] void rounds(const std::byte* block) {
        if constexpr (G < 4) {
            const Vector reversed = _mm_set_epi64x(0x0001020304050607LL, 0x08090a0b0c0d0e0fLL);
            w[G] = _mm_shuffle_epi8(load(block + 16 * G), reversed);
        } else {
            const Vector mixed =
                _mm_xor_si128(_mm_sha1msg1_epu32(w[G % 4], w[(G + 1) % 4]), w[(G + 2) % 4]);
            w[G % 4] = _mm_sha1msg2_epu32(mixed, w[(G + 3) % 4]);
        }
        const Vector keyed = G == 0 ? _mm_add_epi32(e, w[0]) : _mm_sha1nexte_epu32(e, w[G % 4]);
        e = abcd;
        abcd = _mm_sha1rnds4_epu32(abcd, keyed, G / 5);
    }

    [[gnu::always_inline]] void end() {
        e = _mm_sha1nexte_epu32(e, e_before);
        abcd = _mm_add_epi32(abcd, abcd_before);
    }

    static constexpr std::size_t steps = 20;
};

/// SHA-256 of one message. The instructions want (A, B, E, F) and (C, D, G, H), A and C highest.
struct Sha256Lane {
    Vector abef, cdgh, abef_before, cdgh_before, w[4];

    [[gnu::always_inline]] void load_state(const std::uint32_t* column) {
        abef = load_column(column, 5, 4, 1, 0);
        cdgh = load_column(column, 7, 6, 3, 2);
    }

    [[gnu::always_inline]] void store_state(std::uint32_t* column) const {
        store_column(column, abef, 5, 4, 1, 0);
        store_column(column, cdgh, 7, 6, 3, 2);
    }

    [[gnu::always_inline]] void begin() {
        abef_before = abef;
        cdgh_before = cdgh;
    }

    [[gnu::always_inline]] void keyed_rounds(Vector k_plus_w) {
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, k_plus_w);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(k_plus_w, 0x0E));
    }

    /// Four rounds, the G-th of sixteen times.
    template <std::size_t G>
    [[gnu::always_inline]] void rounds(const std::byte* block) {
        if constexpr (G < 4) {
            const Vector big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
            w[G] = _mm_shuffle_epi8(load(block + 16 * G), big_endian);
        } else {
            const Vector sigma0 = _mm_sha256msg1_epu32(w[G % 4], w[(G + 1) % 4]);
            const Vector ninth = _mm_alignr_epi8(w[(G + 3) % 4], w[(G + 2) % 4], 4);
            w[G % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(sigma0, ninth), w[(G + 3) % 4]);
        }
        keyed_rounds(_mm_add_epi32(w[G % 4], load(sha256_round_constants + 4 * G)));
    }

    [[gnu::always_inline]] void end() {
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    static constexpr std::size_t steps = 16;
};

/// Round group G of every lane before group G + 1 of any: their dependency chains overlap.
template <std::size_t G, class Lane, unsigned Count>
[[gnu::always_inline]] inline void rounds_of_all(Lane (&lanes)[Count], const std::byte* const* data,
                                                 std::size_t offset) {
    for (unsigned l = 0; l < Count; ++l) lanes[l].template rounds<G>(data[l] + offset);
}

template <class Lane, unsigned Count, std::size_t... G>
[[gnu::always_inline]] inline void block(Lane (&lanes)[Count], const std::byte* const* data,
                                         std::size_t offset, std::index_sequence<G...>) {
    for (unsigned l = 0; l < Count; ++l) lanes[l].begin();
    (rounds_of_all<G>(lanes, data, offset), ...);
    for (unsigned l = 0; l < Count; ++l) lanes[l].end();
}

template <class Lane, unsigned Count>
[[gnu::always_inline]] inline void sha_lanes(std::uint32_t* state, const std::byte* const* data,
                                             std::size_t blocks) {
    Lane lanes[Count];
    for (unsigned l = 0; l < Count; ++l) lanes[l].load_state(state + l);
    for (std::size_t offset = 0; offset < blocks * sha_block_bytes; offset += sha_block_bytes) {
        block(lanes, data, offset, std::make_index_sequence<Lane::steps>{});
    }
    for (unsigned l = 0; l < Count; ++l) lanes[l].store_state(state + l);
}

template <unsigned Count>
[[gnu::always_inline]] inline void parents_lanes(std::uint32_t* state,
                                                 const std::byte* const* data) {
    Sha256Lane lanes[Count];
    for (unsigned l = 0; l < Count; ++l) {
        for (unsigned w = 0; w < 8; ++w) state[w * lanes_max + l] = sha256_initial[w];
        lanes[l].load_state(state + l);
    }
    block(lanes, data, 0, std::make_index_sequence<Sha256Lane::steps>{});
    for (unsigned l = 0; l < Count; ++l) lanes[l].begin();
    for (unsigned g = 0; g < Sha256Lane::steps; ++g) {
        for (unsigned l = 0; l < Count; ++l) {
            lanes[l].keyed_rounds(load(padding_of_64_bytes.k_plus_w + 4 * g));
        }
    }
    for (unsigned l = 0; l < Count; ++l) lanes[l].end();
    for (unsigned l = 0; l < Count; ++l) lanes[l].store_state(state + l);
}

}  // namespace

namespace kernels {

void sha1_sha_ni_x1(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    sha_lanes<Sha1Lane, 1>(state, data, blocks);
}

void sha1_sha_ni_x2(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    sha_lanes<Sha1Lane, 2>(state, data, blocks);
}

void sha256_sha_ni_x1(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    sha_lanes<Sha256Lane, 1>(state, data, blocks);
}

void sha256_sha_ni_x2(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    sha_lanes<Sha256Lane, 2>(state, data, blocks);
}

void parents_sha_ni_x1(std::uint32_t* state, const std::byte* const* data, std::size_t) {
    parents_lanes<1>(state, data);
}

void parents_sha_ni_x2(std::uint32_t* state, const std::byte* const* data, std::size_t) {
    parents_lanes<2>(state, data);
}

}  // namespace kernels
}  // namespace spate::hashing
