#include "engine/driver/thread_times.hpp"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace spate::driver {
namespace {

Duration duration(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

/// The second of the numbers: Documentation/scheduler/sched-stats.rst.
Duration run_delay(std::string_view line) {
    const std::size_t space = line.find(' ');
    std::int64_t ns = 0;
    if (space != std::string_view::npos)
        std::from_chars(line.data() + space + 1, line.data() + line.size(), ns);
    return Duration(ns);
}

}  // namespace

ThreadTimes::ThreadTimes()
    : schedule_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

ThreadTimes::Times ThreadTimes::read() const {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    Times times{.user = duration(usage.ru_utime), .system = duration(usage.ru_stime)};
    std::array<char, 96> line{};
    const ssize_t count =
        schedule_ ? ::pread(schedule_.get(), line.data(), line.size(), 0) : ssize_t{0};
    if (count > 0) times.runnable = run_delay({line.data(), static_cast<std::size_t>(count)});
    return times;
}

}  // namespace spate::driver
