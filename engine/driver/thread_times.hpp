#pragma once
// engine/driver/thread_times.hpp: how the scheduler has treated a thread.
#include "engine/base/time.hpp"
#include "io/file_descriptor.hpp"

namespace spate::driver {

/// Times of the thread that asks, since it started. Made and used by one thread.
class ThreadTimes {
public:
    ThreadTimes();

    struct Times {
        Duration user{};
        Duration system{};
        Duration runnable{};  // ready, while others had the CPU; 0 where the kernel doesn't say
    };
    Times read() const;

private:
    io::FileDescriptor schedule_;
};

}  // namespace spate::driver
