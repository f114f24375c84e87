// Stands in front of the C library's calls on sockets, events and threads; see plan.hpp.
#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/faults/preload/calls.hpp"

using namespace spate::faults;

namespace {

/// As in file_calls.cpp.
template <class Move>
ssize_t transfer(Kind kind, const void* caller, std::size_t size, Move move) {
    const Fault fault = fault_of(kind, caller);
    if (fault.what == Fault::What::nothing) return 0;
    if (fault.what == Fault::What::partial) return move(std::max<std::size_t>(size / 2, 1));
    if (fault.what != Fault::What::error) return move(size);
    errno = fault.error;
    return -1;
}

/// Runs last: what is still open then has been lost, but for what the fault-free run leaves as
/// well.
[[gnu::destructor]] void report_descriptors() {
    std::uint64_t count = 0;
    for (int fd = 0; fd < 4096; ++fd)
        if (original(&::fcntl, "fcntl")(fd, F_GETFD) >= 0) ++count;
    Plan::get().report_descriptors(count);
}

}  // namespace

extern "C" {

int socket(int domain, int type, int protocol) noexcept {
    static const auto next = original(&::socket, "socket");
    if (fails(Kind::socket, __builtin_return_address(0))) return -1;
    return next(domain, type, protocol);
}

int bind(int fd, const sockaddr* at, socklen_t size) noexcept {
    static const auto next = original(&::bind, "bind");
    if (fails(Kind::bind, __builtin_return_address(0))) return -1;
    return next(fd, at, size);
}

int listen(int fd, int backlog) noexcept {
    static const auto next = original(&::listen, "listen");
    if (fails(Kind::listen, __builtin_return_address(0))) return -1;
    return next(fd, backlog);
}

int accept4(int fd, sockaddr* from, socklen_t* size, int flags) {
    static const auto next = original(&::accept4, "accept4");
    if (fails(Kind::accept, __builtin_return_address(0))) return -1;
    return next(fd, from, size, flags);
}

int connect(int fd, const sockaddr* to, socklen_t size) {
    static const auto next = original(&::connect, "connect");
    if (fails(Kind::connect, __builtin_return_address(0))) return -1;
    return next(fd, to, size);
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
    static const auto next = original(&::setsockopt, "setsockopt");
    if (fails(Kind::option, __builtin_return_address(0))) return -1;
    return next(fd, level, name, value, size);
}

int getsockname(int fd, sockaddr* name, socklen_t* size) noexcept {
    static const auto next = original(&::getsockname, "getsockname");
    if (fails(Kind::name, __builtin_return_address(0))) return -1;
    return next(fd, name, size);
}

int getpeername(int fd, sockaddr* name, socklen_t* size) noexcept {
    static const auto next = original(&::getpeername, "getpeername");
    if (fails(Kind::name, __builtin_return_address(0))) return -1;
    return next(fd, name, size);
}

ssize_t send(int fd, const void* from, std::size_t size, int flags) {
    static const auto next = original(&::send, "send");
    return transfer(Kind::send, __builtin_return_address(0), size,
                    [&](std::size_t bytes) { return next(fd, from, bytes, flags); });
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    static const auto next = original(&::sendmsg, "sendmsg");
    return transfer(Kind::send, __builtin_return_address(0), 0,
                    [&](std::size_t) { return next(fd, message, flags); });
}

ssize_t recv(int fd, void* into, std::size_t size, int flags) {
    static const auto next = original(&::recv, "recv");
    return transfer(Kind::receive, __builtin_return_address(0), size,
                    [&](std::size_t bytes) { return next(fd, into, bytes, flags); });
}

int eventfd(unsigned value, int flags) noexcept {
    static const auto next = original(&::eventfd, "eventfd");
    if (fails(Kind::event, __builtin_return_address(0))) return -1;
    return next(value, flags);
}

int signalfd(int fd, const sigset_t* signals, int flags) noexcept {
    static const auto next = original(&::signalfd, "signalfd");
    if (fails(Kind::event, __builtin_return_address(0))) return -1;
    return next(fd, signals, flags);
}

int epoll_create1(int flags) noexcept {
    static const auto next = original(&::epoll_create1, "epoll_create1");
    if (fails(Kind::event, __builtin_return_address(0))) return -1;
    return next(flags);
}

int epoll_ctl(int fd, int how, int watched, epoll_event* event) noexcept {
    static const auto next = original(&::epoll_ctl, "epoll_ctl");
    if (fails(Kind::event, __builtin_return_address(0))) return -1;
    return next(fd, how, watched, event);
}

int epoll_wait(int fd, epoll_event* events, int count, int timeout_ms) {
    static const auto next = original(&::epoll_wait, "epoll_wait");
    if (fails(Kind::poll, __builtin_return_address(0))) return -1;
    return next(fd, events, count, timeout_ms);
}

int poll(pollfd* fds, nfds_t count, int timeout_ms) {
    static const auto next = original(&::poll, "poll");
    if (fails(Kind::poll, __builtin_return_address(0))) return -1;
    return next(fds, count, timeout_ms);
}

int pipe2(int* ends, int flags) noexcept {
    static const auto next = original(&::pipe2, "pipe2");
    if (fails(Kind::pipe, __builtin_return_address(0))) return -1;
    return next(ends, flags);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                   void* argument) noexcept {
    static const auto next = original(&::pthread_create, "pthread_create");
    const Fault fault = fault_of(Kind::thread, __builtin_return_address(0));
    if (fault.what == Fault::What::error) return fault.error;
    return next(thread, attributes, run, argument);
}

}  // extern "C"
