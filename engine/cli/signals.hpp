#pragma once
// engine/cli/signals.hpp: Ctrl-C and its relatives, as something that main can wait for.
#include "engine/base/time.hpp"

namespace spate::cli {

/// SIGINT, SIGTERM and SIGHUP are blocked in all threads (make this before the first is started)
/// and read from a descriptor; SIGPIPE and SIGXFSZ are ignored, as closed pipes and sockets and
/// files beyond `ulimit -f` are errors of calls. After the first signal a second SIGINT or SIGTERM
/// ends the process at once, with exit code 130. One a process, main thread.
class Signals {
public:
    /// std::system_error when the process may have no descriptor.
    Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    ~Signals();

    /// True once a signal asked the program to end; waits at most `patience` for one.
    bool wait(Duration patience);
    bool interrupted() const { return interrupted_; }

private:
    int fd_ = -1;
    bool interrupted_ = false;
};

}  // namespace spate::cli
