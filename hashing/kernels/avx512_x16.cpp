// Sixteen lanes in 512-bit registers. Compiled with AVX-512 F, BW and VL.
#include "hashing/kernels/zmm_lanes.hpp"

namespace spate::hashing::kernels {

void sha1_avx512_x16(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    sha1_lanes<ZmmLanes>(state, data, blocks);
}

void sha256_avx512_x16(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    sha256_lanes<ZmmLanes>(state, data, blocks);
}

void parents_avx512_x16(std::uint32_t* state, const std::byte* const* data, std::size_t) {
    parents_lanes<ZmmLanes>(state, data);
}

}  // namespace spate::hashing::kernels
