#pragma once
// engine/synthetic/poll_set.hpp: many sockets, and which of them are ready.
#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <sys/epoll.h>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "io/file_descriptor.hpp"

namespace spate::synthetic {

/// epoll over connections that their owner numbers. One thread.
class PollSet {
public:
    PollSet();

    void add(int fd, std::uint32_t number, std::uint32_t events);
    void change(int fd, std::uint32_t number, std::uint32_t events);
    void remove(int fd);
    /// Those that are ready now; maybe none. The other end of a measurement polls instead of
    /// sleeping: waking a processor costs more than a block, and would be measured with it.
    std::span<const epoll_event> poll() { return wait(0); }
    /// Sleeps until one is ready, for so long at most.
    std::span<const epoll_event> wait(int timeout_ms);

private:
    static constexpr int events_max = 512;
    io::FileDescriptor epoll_;
    std::array<epoll_event, events_max> ready_{};
};

struct ConnectOptions {
    Endpoint to;
    std::uint32_t count = 1;
    /// The connections leave from `count` consecutive addresses, this one first: some clients take
    /// one an address. Unspecified: the system's choice.
    IpAddress from{};
};

/// Sockets that are connected, don't block, don't delay and reset when closed. Blocks; fails with a
/// sentence.
std::expected<std::vector<io::FileDescriptor>, std::string> connect_all(
    const ConnectOptions& options);

void set_nonblocking(int fd);

}  // namespace spate::synthetic
