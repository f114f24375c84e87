// Eight lanes in 256-bit registers with AVX-512's instructions: for batches too small for sixteen.
#include "hashing/kernels/ymm_lanes.hpp"

namespace spate::hashing {
namespace {

struct Avx512vlBits {
    [[gnu::always_inline]] static __m256i exclusive_or3(__m256i a, __m256i b, __m256i c) {
        return _mm256_ternarylogic_epi32(a, b, c, 0x96);
    }
    [[gnu::always_inline]] static __m256i choose(__m256i which, __m256i one, __m256i zero) {
        return _mm256_ternarylogic_epi32(which, one, zero, 0xCA);
    }
    [[gnu::always_inline]] static __m256i majority(__m256i a, __m256i b, __m256i c) {
        return _mm256_ternarylogic_epi32(a, b, c, 0xE8);
    }
    template <int Count>
    [[gnu::always_inline]] static __m256i rotate_right(__m256i x) {
        return _mm256_ror_epi32(x, Count);
    }
};

using Lanes = YmmLanes<Avx512vlBits>;

}  // namespace

namespace kernels {

void sha1_avx512vl_x8(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    sha1_lanes<Lanes>(state, data, blocks);
}

void sha256_avx512vl_x8(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    sha256_lanes<Lanes>(state, data, blocks);
}

void parents_avx512vl_x8(std::uint32_t* state, const std::byte* const* data, std::size_t) {
    parents_lanes<Lanes>(state, data);
}

}  // namespace kernels
}  // namespace spate::hashing
