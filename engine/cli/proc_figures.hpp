#pragma once
// engine/cli/proc_figures.hpp: what the kernel counts for a process and for the machine.
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace spate::cli {

/// The number after `name` in a file below /proc; 0 where the kernel doesn't tell.
std::uint64_t proc_number(const std::string& path, std::string_view name);

/// User and system time of a process so far, to a clock tick; 0 when it is gone.
double process_cpu_s(pid_t pid);

/// Clock ticks of all CPUs since the machine started.
struct MachineTicks {
    std::uint64_t stolen = 0;  // given to other machines by the hypervisor
    std::uint64_t all = 0;
};
MachineTicks machine_ticks();
double steal_percent(const MachineTicks& before, const MachineTicks& after);

}  // namespace spate::cli
