#include "hashing/kernel_table.hpp"

#include <array>
#include <cpuid.h>
#include <cstdint>

namespace spate::hashing {
namespace {

// The costs: hashing_bench --benchmark_filter=step/, medians of 25 in L2, in 2-core VMs.
// Zen 5 at 3.8 GHz, g++ 12.2: {amd_ns}; Ice Lake, before GCC's reassociation was turned off:
// {intel_ns}. What follows from them, by messages in a batch:
//            SHA-1                                SHA-256
//   Zen 5    1-4 SHA-NI, 5-8 ymm, 9-16 zmm        1-6 SHA-NI, 7-8 ymm, 9-16 zmm
//   Ice Lake 1-2 SHA-NI, 3-8 ymm, 9-16 zmm        1-4 SHA-NI, 5-8 ymm, 9-16 zmm
// where 9 may be 8 and 1. 17-32 are on Zen 5 two zmm interleaved, or 16 and the rest; Ice Lake,
// where that wasn't measured, has the ports for one zmm and takes the rest by itself. More than 32
// refill lanes as they end.
constexpr std::array table = {
    LaneKernel{.name = "avx512-x32",
               .lanes = 32,
               .needs = CpuFeature::avx512,
               .sha1 = {kernels::sha1_avx512_x32, {150, 310}},
               .sha256 = {kernels::sha256_avx512_x32, {287, 620}},
               .parents = {kernels::parents_avx512_x32, {760, 1520}}},
    LaneKernel{.name = "avx512-x16",
               .lanes = 16,
               .needs = CpuFeature::avx512,
               .sha1 = {kernels::sha1_avx512_x16, {95, 150}},
               .sha256 = {kernels::sha256_avx512_x16, {180, 300}},
               .parents = {kernels::parents_avx512_x16, {335, 480}}},
    LaneKernel{.name = "avx512vl-x8",
               .lanes = 8,
               .needs = CpuFeature::avx512vl,
               .sha1 = {kernels::sha1_avx512vl_x8, {90, 97}},
               .sha256 = {kernels::sha256_avx512vl_x8, {165, 230}},
               .parents = {kernels::parents_avx512vl_x8, {325, 368}}},
    LaneKernel{.name = "avx2-x8",
               .lanes = 8,
               .needs = CpuFeature::avx2,
               .sha1 = {kernels::sha1_avx2_x8, {145, 256}},
               .sha256 = {kernels::sha256_avx2_x8, {390, 600}},
               .parents = {kernels::parents_avx2_x8, {774, 1000}}},
    LaneKernel{.name = "sha-ni-x2",
               .lanes = 2,
               .needs = CpuFeature::sha_ni,
               .sha1 = {kernels::sha1_sha_ni_x2, {37, 75}},
               .sha256 = {kernels::sha256_sha_ni_x2, {46, 107}},
               .parents = {kernels::parents_sha_ni_x2, {85, 162}}},
    LaneKernel{.name = "sha-ni-x1",
               .lanes = 1,
               .needs = CpuFeature::sha_ni,
               .sha1 = {kernels::sha1_sha_ni_x1, {33, 43}},
               .sha256 = {kernels::sha256_sha_ni_x1, {35, 71}},
               .parents = {kernels::parents_sha_ni_x1, {46, 110}}},
    LaneKernel{.name = "openssl-x1",
               .lanes = 1,
               .needs = CpuFeature::none,
               .sha1 = {kernels::sha1_openssl, {33, 43}},
               .sha256 = {kernels::sha256_openssl, {35, 71}},
               .parents = {kernels::parents_openssl, {57, 120}}},
};

// Bits of CPUID leaf 1 (ecx), of leaf 7.0 (ebx), and of the extended control register 0, which says
// what registers the system saves: Intel SDM volume 2A "CPUID" and volume 1 chapter 13.
constexpr std::uint32_t leaf1_ssse3 = 1U << 9;
constexpr std::uint32_t leaf1_sse4_1 = 1U << 19;
constexpr std::uint32_t leaf1_osxsave = 1U << 27;
constexpr std::uint32_t leaf7_avx2 = 1U << 5;
constexpr std::uint32_t leaf7_avx512f = 1U << 16;
constexpr std::uint32_t leaf7_sha = 1U << 29;
constexpr std::uint32_t leaf7_avx512bw = 1U << 30;
constexpr std::uint32_t leaf7_avx512vl = 1U << 31;
constexpr std::uint32_t saves_ymm = 0x06;  // SSE and AVX state
constexpr std::uint32_t saves_zmm = 0xe6;  // and mask registers and both parts of the ZMM state

constexpr bool has(std::uint32_t set, std::uint32_t bits) {
    return (set & bits) == bits;
}

std::uint32_t saved_registers(std::uint32_t leaf1) {
    if (!has(leaf1, leaf1_osxsave)) return 0;
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

}  // namespace

std::span<const LaneKernel> all_kernels() {
    return table;
}

bool is_amd() {
    std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid(0, &eax, &ebx, &ecx, &edx) == 0) return false;
    return ebx == signature_AMD_ebx && edx == signature_AMD_edx && ecx == signature_AMD_ecx;
}

bool runs_here(CpuFeature feature) {
    if (feature == CpuFeature::none) return true;
    std::uint32_t eax = 0, ebx = 0, leaf1 = 0, leaf7 = 0, ecx = 0, edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &leaf1, &edx) == 0) return false;
    if (__get_cpuid_count(7, 0, &eax, &leaf7, &ecx, &edx) == 0) return false;
    const std::uint32_t saved = saved_registers(leaf1);
    switch (feature) {
        case CpuFeature::none:
            return true;
        case CpuFeature::sha_ni:
            return has(leaf7, leaf7_sha) && has(leaf1, leaf1_ssse3 | leaf1_sse4_1);
        case CpuFeature::avx2:
            return has(leaf7, leaf7_avx2) && has(saved, saves_ymm);
        case CpuFeature::avx512vl:
        case CpuFeature::avx512:
            return has(leaf7, leaf7_avx512f | leaf7_avx512bw | leaf7_avx512vl | leaf7_avx2) &&
                   has(saved, saves_zmm);
    }
    return false;
}

}  // namespace spate::hashing
