#pragma once
// io/socket.hpp: sockets as descriptors, endpoints as the kernel wants them.
#include <cstdint>
#include <expected>
#include <netinet/in.h>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <system_error>

#include "engine/base/endpoint.hpp"
#include "engine/base/time.hpp"
#include "io/file_descriptor.hpp"

namespace spate::io {

/// An endpoint in the kernel's form, or room for one that the kernel fills.
class SocketAddress {
public:
    /// Room for any endpoint.
    SocketAddress() = default;
    explicit SocketAddress(const Endpoint& endpoint);

    /// Empty when the family is neither IPv4 nor IPv6.
    std::optional<Endpoint> endpoint() const;

    sockaddr* data() { return &storage_.any; }
    const sockaddr* data() const { return &storage_.any; }
    socklen_t size_bytes() const { return size_bytes_; }
    socklen_t* size_for_kernel() { return &size_bytes_; }
    /// Before the kernel fills it again.
    void make_room() { size_bytes_ = sizeof storage_; }
    static constexpr socklen_t room_bytes = sizeof(sockaddr_in6);

private:
    union Storage {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
    };
    Storage storage_{.v6 = {}};
    socklen_t size_bytes_ = sizeof(Storage);
};

struct ListenOptions {
    bool reuse_port = false;  ///< several sockets, one a core, share the address
    int backlog = 4096;       ///< the kernel caps it at net.core.somaxconn
    bool v6_only = true;
};

/// All sockets are close-on-exec, and for rings: without O_NONBLOCK, because older kernels'
/// io_uring would hand out EAGAIN instead of waiting. The port 0 takes a free one: see
/// local_endpoint().
std::expected<FileDescriptor, std::error_code> listen_tcp(const Endpoint& at,
                                                          const ListenOptions& options = {});
/// Bound to `at`; `options.backlog` means nothing here.
std::expected<FileDescriptor, std::error_code> bind_udp(const Endpoint& at,
                                                        const ListenOptions& options = {});
/// An unconnected socket for a ConnectOperation.
std::expected<FileDescriptor, std::error_code> open_tcp(IpAddress::Family family);
/// Before connecting: leave from this address. Its port may be 0.
std::error_code bind_to(int fd, const Endpoint& local);

std::expected<Endpoint, std::error_code> local_endpoint(int fd);
/// ENOTCONN when the peer is gone already.
std::expected<Endpoint, std::error_code> peer_endpoint(int fd);

std::error_code set_no_delay(int fd);
/// What was sent and isn't acknowledged, or can't be sent as the other end takes nothing, ends the
/// connection after so long (ETIMEDOUT).
std::error_code set_user_timeout(int fd, Duration timeout);
/// Of the sockets that share an address, this one takes the connections whose packets CPU `cpu`
/// receives.
std::error_code set_incoming_cpu(int fd, unsigned cpu);
/// The kernel doubles the figures and caps them at net.core.{w,r}mem_max.
std::error_code set_send_buffer(int fd, int bytes);
std::error_code set_receive_buffer(int fd, int bytes);
/// How much of what was sent to it a TCP socket takes before it is on the wire: a send waits for
/// the rest. 0: as much as fits into its send buffer.
std::error_code set_unsent_max(int fd, std::uint32_t bytes);
/// "cubic", "reno" or whatever else the kernel lets this user have; ENOENT or EPERM otherwise.
std::error_code set_congestion_control(int fd, std::string_view name);
/// Closing the socket resets the connection instead of lingering in TIME_WAIT.
std::error_code set_reset_on_close(int fd);

}  // namespace spate::io
