// hashing/kernels/ymm_lanes.hpp: eight lanes in 256-bit registers. The bit operations are left to
// `Bits`: AVX2 spells them out, AVX-512VL has rotations and three-operand logic.
#include "hashing/kernels/vector_rounds.hpp"

namespace spate::hashing {
namespace {

template <class Bits>
struct YmmLanes : Bits {
    using Vector = __m256i;
    static constexpr unsigned lanes = 8;

    [[gnu::always_inline]] static Vector load(const void* at) {
        return _mm256_loadu_si256(static_cast<const Vector*>(at));
    }
    [[gnu::always_inline]] static void store(void* at, Vector x) {
        _mm256_storeu_si256(static_cast<Vector*>(at), x);
    }
    [[gnu::always_inline]] static Vector all(std::uint32_t x) {
        return _mm256_set1_epi32(static_cast<int>(x));
    }
    [[gnu::always_inline]] static Vector add(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
    [[gnu::always_inline]] static Vector subtract(Vector a, Vector b) {
        return _mm256_sub_epi32(a, b);
    }
    [[gnu::always_inline]] static Vector exclusive_or(Vector a, Vector b) {
        return _mm256_xor_si256(a, b);
    }
    template <int Count>
    [[gnu::always_inline]] static Vector shift_right(Vector x) {
        return _mm256_srli_epi32(x, Count);
    }

    /// 16 bytes of lane `lane` below, of lane + 4 above.
    [[gnu::always_inline]] static Vector load_two(const std::byte* const* data, unsigned lane,
                                                  std::size_t offset) {
        const auto low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data[lane] + offset));
        const auto high =
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(data[lane + 4] + offset));
        return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    }

    /// Four words of each lane at a time: two 4 x 4 transpositions side by side.
    [[gnu::always_inline]] static void load_blocks(Vector (&w)[16], const std::byte* const* data,
                                                   std::size_t offset) {
        const Vector big_endian =
            _mm256_broadcastsi128_si256(_mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL));
        for (unsigned q = 0; q < 16; q += 4) {
            Vector rows[4];
            for (unsigned i = 0; i < 4; ++i) rows[i] = load_two(data, i, offset + q * 4);
            const Vector low_a = _mm256_unpacklo_epi32(rows[0], rows[1]);
            const Vector high_a = _mm256_unpackhi_epi32(rows[0], rows[1]);
            const Vector low_b = _mm256_unpacklo_epi32(rows[2], rows[3]);
            const Vector high_b = _mm256_unpackhi_epi32(rows[2], rows[3]);
            w[q] = _mm256_shuffle_epi8(_mm256_unpacklo_epi64(low_a, low_b), big_endian);
            w[q + 1] = _mm256_shuffle_epi8(_mm256_unpackhi_epi64(low_a, low_b), big_endian);
            w[q + 2] = _mm256_shuffle_epi8(_mm256_unpacklo_epi64(high_a, high_b), big_endian);
            w[q + 3] = _mm256_shuffle_epi8(_mm256_unpackhi_epi64(high_a, high_b), big_endian);
        }
    }
};

}  // namespace
}  // namespace spate::hashing
