#include "engine/cli/proc_figures.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

namespace spate::cli {

std::uint64_t proc_number(const std::string& path, std::string_view name) {
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line))
        if (line.starts_with(name)) return std::strtoull(line.c_str() + name.size(), nullptr, 10);
    return 0;
}

double process_cpu_s(pid_t pid) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string line;
    std::getline(file, line);
    const std::size_t end_of_name = line.rfind(')');
    if (end_of_name == std::string::npos) return 0;
    std::istringstream fields(line.substr(end_of_name + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;  // proc(5): utime is the 14th
    double user_ticks = 0;
    double system_ticks = 0;
    fields >> user_ticks >> system_ticks;
    return (user_ticks + system_ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

MachineTicks machine_ticks() {
    std::ifstream file("/proc/stat");
    std::string name;
    file >> name;
    MachineTicks ticks;
    for (int field = 0; field < 8; ++field) {  // user to steal
        std::uint64_t count = 0;
        file >> count;
        ticks.all += count;
        if (field == 7) ticks.stolen = count;
    }
    return ticks;
}

double steal_percent(const MachineTicks& before, const MachineTicks& after) {
    const std::uint64_t all = after.all - before.all;
    return all == 0 ? 0
                    : 100.0 * static_cast<double>(after.stolen - before.stolen) /
                          static_cast<double>(all);
}

}  // namespace spate::cli
