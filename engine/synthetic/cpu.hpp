#pragma once
// engine/synthetic/cpu.hpp: where a thread runs and what it took.

namespace spate::synthetic {

/// The calling thread and those it starts stay on this CPU, if it may run there.
void stay_on_cpu(unsigned cpu);

/// User and system time of the calling thread.
double thread_cpu_s();

}  // namespace spate::synthetic
