#include "hashing/kernel_table.hpp"

#include <array>
#include <cpuid.h>

namespace spate::hashing {
namespace {

constexpr std::array table = {
    LaneKernel{.name = "openssl-x1",
               .lanes = 1,
               .needs = CpuFeature::none,
               .sha1 = {kernels::sha1_openssl, 41'000},
               .sha256 = {kernels::sha256_openssl, 64'000},
               .parents = {kernels::parents_openssl, 120'000}},
};

}  // namespace

std::span<const LaneKernel> all_kernels() {
    return table;
}

bool runs_here(CpuFeature feature) {
    return feature == CpuFeature::none;
}

}  // namespace spate::hashing
