#pragma once
// hashing/kernel_table.hpp: the kernels, what they cost, and which run here.
#include <span>
#include <string_view>

#include "hashing/lane_kernel.hpp"

namespace spate::hashing {

/// Every kernel of this build, widest first. Constant.
std::span<const LaneKernel> all_kernels();

/// Whether the processor has the instructions and the system saves their registers.
bool runs_here(CpuFeature feature);

/// Whether the costs measured on AMD's processors are the nearer ones.
bool is_amd();

}  // namespace spate::hashing
