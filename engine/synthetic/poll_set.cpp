#include "engine/synthetic/poll_set.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "engine/base/assert.hpp"
#include "io/socket.hpp"

namespace spate::synthetic {
namespace {

/// Of all synthetic peers, whatever the system's default. On loopback, what a window lets them send
/// once the measured end has acknowledged is sent on that end's CPU, which no network does; with
/// CUBIC it is least, with BBR much (docs/benchmarking.md).
constexpr std::string_view congestion_control = "cubic";

/// The `offset`th address after an IPv4 address.
IpAddress address_after(const IpAddress& first, std::uint32_t offset) {
    std::array<std::byte, 4> bytes{};
    store_be(bytes.data(), load_be<std::uint32_t>(first.bytes().data()) + offset);
    return IpAddress(bytes);
}

std::error_code connect_one(int fd, const ConnectOptions& options, std::uint32_t number) {
    if (!options.from.is_unspecified())
        if (const auto error = io::bind_to(fd, {address_after(options.from, number), 0}))
            return error;
    // Where it isn't to be had the system's default will do.
    [[maybe_unused]] const std::error_code ignored =
        io::set_congestion_control(fd, congestion_control);
    const io::SocketAddress address(options.to);
    if (::connect(fd, address.data(), address.size_bytes()) != 0) return io::last_error();
    if (const auto error = io::set_no_delay(fd)) return error;
    if (const auto error = io::set_reset_on_close(fd)) return error;
    set_nonblocking(fd);
    return {};
}

}  // namespace

PollSet::PollSet() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    SPATE_ASSERT(epoll_);
}

void PollSet::add(int fd, std::uint32_t number, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.u32 = number}};
    SPATE_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
}

void PollSet::change(int fd, std::uint32_t number, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.u32 = number}};
    SPATE_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

void PollSet::remove(int fd) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::span<const epoll_event> PollSet::wait(int timeout_ms) {
    const int count = ::epoll_wait(epoll_.get(), ready_.data(), events_max, timeout_ms);
    return std::span(ready_).first(static_cast<std::size_t>(std::max(count, 0)));
}

std::expected<std::vector<io::FileDescriptor>, std::string> connect_all(
    const ConnectOptions& options) {
    std::vector<io::FileDescriptor> sockets;
    for (std::uint32_t number = 0; number < options.count; ++number) {
        auto socket = io::open_tcp(options.to.address.family());
        const std::error_code error =
            socket ? connect_one(socket->get(), options, number) : socket.error();
        if (error)
            return std::unexpected(fmt::format("cannot make connection {} to {}: {}", number + 1,
                                               options.to.to_string(), error.message()));
        sockets.push_back(std::move(*socket));
    }
    return sockets;
}

void set_nonblocking(int fd) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

}  // namespace spate::synthetic
