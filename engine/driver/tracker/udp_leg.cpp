#include "engine/driver/tracker/udp_leg.hpp"

#include <algorithm>
#include <sys/socket.h>
#include <utility>

#include "io/socket.hpp"

namespace spate::driver {
namespace {

/// A nonblocking socket connected to `to`, or none with errno set.
io::FileDescriptor connect_udp(const Endpoint& to) {
    const int family = to.address.is_v4() ? AF_INET : AF_INET6;
    io::FileDescriptor socket(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const io::SocketAddress address(to);
    if (socket && ::connect(socket.get(), address.data(), address.size_bytes()) != 0) {
        const int error = errno;
        socket.reset();
        errno = error;
    }
    return socket;
}

}  // namespace

UdpLeg::UdpLeg(LegContext context, tracker::TrackerRequest request, std::string request_string,
               std::uint16_t port, std::vector<IpAddress> addresses)
    : context_(context),
      request_(std::move(request)),
      request_string_(std::move(request_string)),
      port_(port),
      addresses_(std::move(addresses)),
      buffer_(tracker::udp_datagram_size_max) {
    if (addresses_.size() > addresses_tried_max) addresses_.resize(addresses_tried_max);
}

void UdpLeg::open_next(Time now, std::string why) {
    socket_.reset();
    machine_.reset();
    while (next_address_ < addresses_.size()) {
        tracker_ = {addresses_[next_address_++], port_};
        socket_ = connect_udp(tracker_);
        if (socket_) {
            machine_.emplace(request_,
                             tracker::UdpTrackerRequest::Options{
                                 .family = tracker_.address.family(),
                                 .request_string = request_string_,
                                 .connection = context_.udp_connections.find(tracker_, now)},
                             Prng(context_.prng()));
            return;
        }
        why = io::last_error().message();
    }
    result_ = std::unexpected(failure(tracker::TrackerFailureKind::unreachable, std::move(why)));
}

void UdpLeg::advance(Time now) {
    if (result_) return;
    if (!machine_) open_next(now, "the name has no address");
    while (machine_ && !result_) {
        if (!receive(now) || !send(now)) {
            open_next(now, io::last_error().message());
            continue;
        }
        if (machine_->result()) adopt_result(now);
        return;
    }
}

bool UdpLeg::receive(Time now) {
    constexpr int datagrams_max = 16;  // a turn; a flood waits
    for (int i = 0; i < datagrams_max && !machine_->result(); ++i) {
        const ssize_t size = ::recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
        if (size < 0) return errno == EAGAIN || errno == EINTR;
        machine_->handle_datagram(Bytes(buffer_).first(static_cast<std::size_t>(size)), now);
    }
    return true;
}

bool UdpLeg::send(Time now) {
    while (const auto datagram = machine_->poll_output(now)) {
        const ssize_t sent =
            ::send(socket_.get(), datagram->data(), datagram->size(), MSG_NOSIGNAL);
        // A full buffer is a lost datagram: it will be repeated.
        if (sent < 0 && errno != EAGAIN && errno != ENOBUFS) return false;
    }
    return true;
}

void UdpLeg::adopt_result(Time now) {
    result_ = machine_->result();
    if (*result_) keep_reachable(**result_, tracker_.address);
    context_.udp_connections.keep(tracker_, machine_->connection(), now);
    socket_.reset();
}

std::optional<Time> UdpLeg::next_timeout() const {
    if (result_) return std::nullopt;
    return machine_ ? machine_->next_timeout() : Time{};
}

void UdpLeg::append_polls(std::vector<pollfd>& polls) const {
    if (!result_ && socket_) polls.push_back({.fd = socket_.get(), .events = POLLIN, .revents = 0});
}

}  // namespace spate::driver
