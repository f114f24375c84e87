#include "io/socket.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <netinet/tcp.h>

namespace spate::io {
namespace {

std::error_code set_option(int fd, int level, int name, const auto& value) {
    if (::setsockopt(fd, level, name, &value, sizeof value) != 0) return last_error();
    return {};
}

std::expected<FileDescriptor, std::error_code> open_socket(IpAddress::Family family, int type) {
    const int domain = family == IpAddress::Family::v4 ? AF_INET : AF_INET6;
    FileDescriptor fd(::socket(domain, type | SOCK_CLOEXEC, 0));
    if (!fd) return std::unexpected(last_error());
    return fd;
}

std::expected<FileDescriptor, std::error_code> open_bound(const Endpoint& at, int type,
                                                          const ListenOptions& options) {
    auto fd = open_socket(at.address.family(), type);
    if (!fd) return fd;
    std::error_code error;
    if (type == SOCK_STREAM) error = set_option(fd->get(), SOL_SOCKET, SO_REUSEADDR, int{1});
    if (!error && options.reuse_port)
        error = set_option(fd->get(), SOL_SOCKET, SO_REUSEPORT, int{1});
    if (!error && !at.address.is_v4())
        error = set_option(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, int{options.v6_only});
    if (!error) error = bind_to(fd->get(), at);
    if (error) return std::unexpected(error);
    return fd;
}

using NameOf = int (*)(int, sockaddr*, socklen_t*);

std::expected<Endpoint, std::error_code> name_of(NameOf call, int fd) {
    SocketAddress address;
    if (call(fd, address.data(), address.size_for_kernel()) != 0)
        return std::unexpected(last_error());
    const auto endpoint = address.endpoint();
    if (!endpoint)
        return std::unexpected(std::make_error_code(std::errc::address_family_not_supported));
    return *endpoint;
}

}  // namespace

SocketAddress::SocketAddress(const Endpoint& endpoint) {
    const Bytes bytes = endpoint.address.bytes();
    if (endpoint.address.is_v4()) {
        storage_.v4 = {};
        storage_.v4.sin_family = AF_INET;
        storage_.v4.sin_port = htons(endpoint.port);
        std::memcpy(&storage_.v4.sin_addr, bytes.data(), bytes.size());
        size_bytes_ = sizeof storage_.v4;
    } else {
        storage_.v6.sin6_family = AF_INET6;
        storage_.v6.sin6_port = htons(endpoint.port);
        std::memcpy(&storage_.v6.sin6_addr, bytes.data(), bytes.size());
        size_bytes_ = sizeof storage_.v6;
    }
}

std::optional<Endpoint> SocketAddress::endpoint() const {
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    const auto address = IpAddress::of(storage_.any);
    if (!address) return std::nullopt;
    return Endpoint{*address, ntohs(storage_.v4.sin_port)};
}

std::expected<FileDescriptor, std::error_code> listen_tcp(const Endpoint& at,
                                                          const ListenOptions& options) {
    auto fd = open_bound(at, SOCK_STREAM, options);
    if (fd && ::listen(fd->get(), options.backlog) != 0) return std::unexpected(last_error());
    return fd;
}

std::expected<FileDescriptor, std::error_code> bind_udp(const Endpoint& at,
                                                        const ListenOptions& options) {
    return open_bound(at, SOCK_DGRAM, options);
}

std::expected<FileDescriptor, std::error_code> open_tcp(IpAddress::Family family) {
    return open_socket(family, SOCK_STREAM);
}

std::error_code bind_to(int fd, const Endpoint& local) {
    const SocketAddress address(local);
    if (::bind(fd, address.data(), address.size_bytes()) != 0) return last_error();
    return {};
}

std::expected<Endpoint, std::error_code> local_endpoint(int fd) {
    return name_of(&::getsockname, fd);
}

std::expected<Endpoint, std::error_code> peer_endpoint(int fd) {
    return name_of(&::getpeername, fd);
}

std::error_code set_incoming_cpu(int fd, unsigned cpu) {
    return set_option(fd, SOL_SOCKET, SO_INCOMING_CPU, static_cast<int>(cpu));
}

std::error_code set_no_delay(int fd) {
    return set_option(fd, IPPROTO_TCP, TCP_NODELAY, int{1});
}

std::error_code set_user_timeout(int fd, Duration timeout) {
    return set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
                      static_cast<unsigned>(timeout / std::chrono::milliseconds(1)));
}

std::error_code set_send_buffer(int fd, int bytes) {
    return set_option(fd, SOL_SOCKET, SO_SNDBUF, bytes);
}

std::error_code set_receive_buffer(int fd, int bytes) {
    return set_option(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}

std::error_code set_unsent_max(int fd, std::uint32_t bytes) {
    return set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, bytes);
}

std::error_code set_congestion_control(int fd, std::string_view name) {
    if (::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(),
                     static_cast<socklen_t>(name.size())) != 0)
        return last_error();
    return {};
}

std::error_code set_reset_on_close(int fd) {
    return set_option(fd, SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
}

}  // namespace spate::io
