#pragma once
// hashing/lane_kernel.hpp: what a kernel is. Plain types only: kernels are compiled for instruction
// sets that the rest of the program must not use, so nothing here may bring inline code with it.
#include <cstddef>
#include <cstdint>

namespace spate::hashing {

/// The most messages that one kernel call advances.
inline constexpr unsigned lanes_max = 32;

/// SHA-1 and SHA-256 both eat blocks of this size (FIPS 180-4).
inline constexpr std::size_t sha_block_bytes = 64;

/// Advances some lanes, data[l] by `blocks` blocks each. Word w of lane l's state is
/// state[w * lanes_max + l], so a kernel of 2 lanes can be pointed at lanes 5 and 6.
/// Idle lanes must point at readable data; their state becomes garbage.
using Compress = void (*)(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);

/// What a kernel needs of the processor and its system.
enum class CpuFeature : std::uint8_t { none, sha_ni, avx2, avx512vl, avx512 };

/// What one call takes a block step, whatever the number of its lanes in use. Only the ratios
/// between kernels matter: lane_plan.hpp finds from them which kernels cover a batch.
struct StepCost {
    std::uint32_t amd_ns;    // on Zen 5
    std::uint32_t intel_ns;  // on Ice Lake
};

/// What one kernel offers.
struct LaneKernel {
    struct Algorithm {
        Compress compress;
        StepCost step;
    };
    const char* name;
    unsigned lanes;
    CpuFeature needs;
    Algorithm sha1;
    Algorithm sha256;
    /// Sets each lane's state to the SHA-256 of its 64 bytes, padding included; `blocks` is 1.
    Algorithm parents;
};

// One translation unit each in kernels/; only those that the processor can run may be called.
namespace kernels {

void sha1_openssl(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void sha256_openssl(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void parents_openssl(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);

void sha1_sha_ni_x1(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void sha256_sha_ni_x1(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void parents_sha_ni_x1(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);

void sha1_sha_ni_x2(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void sha256_sha_ni_x2(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void parents_sha_ni_x2(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);

void sha1_avx2_x8(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void sha256_avx2_x8(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void parents_avx2_x8(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);

void sha1_avx512vl_x8(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void sha256_avx512vl_x8(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void parents_avx512vl_x8(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);

void sha1_avx512_x32(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void sha256_avx512_x32(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void parents_avx512_x32(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);

void sha1_avx512_x16(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void sha256_avx512_x16(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void parents_avx512_x16(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);

}  // namespace kernels
}  // namespace spate::hashing
