// hashing/kernels/zmm_lanes.hpp: sixteen lanes in 512-bit registers.
#include "hashing/kernels/vector_rounds.hpp"

namespace spate::hashing {
namespace {

struct ZmmLanes {
    using Vector = __m512i;
    static constexpr unsigned lanes = 16;

    [[gnu::always_inline]] static Vector load(const void* at) { return _mm512_loadu_si512(at); }
    [[gnu::always_inline]] static void store(void* at, Vector x) { _mm512_storeu_si512(at, x); }
    [[gnu::always_inline]] static Vector all(std::uint32_t x) {
        return _mm512_set1_epi32(static_cast<int>(x));
    }
    [[gnu::always_inline]] static Vector add(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
    [[gnu::always_inline]] static Vector subtract(Vector a, Vector b) {
        return _mm512_sub_epi32(a, b);
    }
    [[gnu::always_inline]] static Vector exclusive_or(Vector a, Vector b) {
        return _mm512_xor_si512(a, b);
    }
    // The immediates of the ternary operations are their truth tables.
    [[gnu::always_inline]] static Vector exclusive_or3(Vector a, Vector b, Vector c) {
        return _mm512_ternarylogic_epi32(a, b, c, 0x96);
    }
    [[gnu::always_inline]] static Vector choose(Vector which, Vector one, Vector zero) {
        return _mm512_ternarylogic_epi32(which, one, zero, 0xCA);
    }
    [[gnu::always_inline]] static Vector majority(Vector a, Vector b, Vector c) {
        return _mm512_ternarylogic_epi32(a, b, c, 0xE8);
    }
    template <int Bits>
    [[gnu::always_inline]] static Vector rotate_right(Vector x) {
        return _mm512_ror_epi32(x, Bits);
    }
    template <int Bits>
    [[gnu::always_inline]] static Vector shift_right(Vector x) {
        return _mm512_srli_epi32(x, Bits);
    }

    /// Three rounds of shuffles transpose 16 x 16 words: pairs, quads, then quarters of registers.
    [[gnu::always_inline]] static void load_blocks(Vector (&w)[16], const std::byte* const* data,
                                                   std::size_t offset) {
        const Vector big_endian =
            _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL));
        Vector rows[16], pairs[16];
        for (unsigned i = 0; i < 16; ++i) rows[i] = load(data[i] + offset);
        for (unsigned i = 0; i < 16; i += 2) {
            pairs[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
            pairs[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
        }
        // Then rows[4i + j]: its quarter c holds word 4c + j of the lanes 4i to 4i + 3.
        for (unsigned i = 0; i < 16; i += 4) {
            rows[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
            rows[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
            rows[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
            rows[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
        }
        for (unsigned j = 0; j < 4; ++j) {
            const Vector low_a = _mm512_shuffle_i32x4(rows[j], rows[4 + j], 0x44);
            const Vector high_a = _mm512_shuffle_i32x4(rows[j], rows[4 + j], 0xEE);
            const Vector low_b = _mm512_shuffle_i32x4(rows[8 + j], rows[12 + j], 0x44);
            const Vector high_b = _mm512_shuffle_i32x4(rows[8 + j], rows[12 + j], 0xEE);
            w[j] = _mm512_shuffle_epi8(_mm512_shuffle_i32x4(low_a, low_b, 0x88), big_endian);
            w[4 + j] = _mm512_shuffle_epi8(_mm512_shuffle_i32x4(low_a, low_b, 0xDD), big_endian);
            w[8 + j] = _mm512_shuffle_epi8(_mm512_shuffle_i32x4(high_a, high_b, 0x88), big_endian);
            w[12 + j] = _mm512_shuffle_epi8(_mm512_shuffle_i32x4(high_a, high_b, 0xDD), big_endian);
        }
    }
};

}  // namespace
}  // namespace spate::hashing
