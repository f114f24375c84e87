// Eight lanes in 256-bit registers with AVX2 only: rotations are two shifts, logic has two
// operands.
#include "hashing/kernels/ymm_lanes.hpp"

namespace spate::hashing {
namespace {

struct Avx2Bits {
    [[gnu::always_inline]] static __m256i exclusive_or3(__m256i a, __m256i b, __m256i c) {
        return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
    }
    [[gnu::always_inline]] static __m256i choose(__m256i which, __m256i one, __m256i zero) {
        return _mm256_xor_si256(zero, _mm256_and_si256(which, _mm256_xor_si256(one, zero)));
    }
    [[gnu::always_inline]] static __m256i majority(__m256i a, __m256i b, __m256i c) {
        return _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)));
    }
    template <int Count>
    [[gnu::always_inline]] static __m256i rotate_right(__m256i x) {
        return _mm256_or_si256(_mm256_srli_epi32(x, Count), _mm256_slli_epi32(x, 32 - Count));
    }
};

using Lanes = YmmLanes<Avx2Bits>;

}  // namespace

namespace kernels {

void sha1_avx2_x8(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    sha1_lanes<Lanes>(state, data, blocks);
}

void sha256_avx2_x8(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    sha256_lanes<Lanes>(state, data, blocks);
}

void parents_avx2_x8(std::uint32_t* state, const std::byte* const* data, std::size_t) {
    parents_lanes<Lanes>(state, data);
}

}  // namespace kernels
}  // namespace spate::hashing
