#include "engine/cli/signals.hpp"

#include <cerrno>
#include <chrono>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>

#include "engine/cli/context.hpp"

namespace spate::cli {
namespace {

sigset_t ending_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, signal);
    return set;
}

extern "C" void end_at_once(int) {
    ::_exit(exit_interrupted);
}

}  // namespace

Signals::Signals() {
    for (const int signal : {SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_IGN);
    const sigset_t set = ending_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    fd_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd_ < 0)
        throw std::system_error(errno, std::generic_category(), "no descriptor for signals");
}

Signals::~Signals() {
    ::close(fd_);
}

bool Signals::wait(Duration patience) {
    pollfd poll{.fd = fd_, .events = POLLIN, .revents = 0};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(patience);
    if (::poll(&poll, 1, static_cast<int>(milliseconds.count())) <= 0) return interrupted_;
    signalfd_siginfo info{};
    if (::read(fd_, &info, sizeof info) != sizeof info || interrupted_) return interrupted_;
    interrupted_ = true;
    ::signal(SIGINT, end_at_once);
    ::signal(SIGTERM, end_at_once);
    ::signal(SIGHUP, SIG_IGN);  // the terminal that went away may say so more than once
    const sigset_t set = ending_signals();
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    return true;
}

}  // namespace spate::cli
