#pragma once
// io/socket_operations.hpp: operations on sockets, with what the kernel needs while they run. Each
// reports to a callback; Bound<> (operation.hpp) makes that a member function. Nothing allocates.
#include <cstdint>
#include <optional>

#include "io/iovecs.hpp"
#include "io/operation.hpp"
#include "io/prepare.hpp"
#include "io/ring.hpp"
#include "io/socket.hpp"

namespace spate::io {

/// Accepts connections: result is the new socket's descriptor, which the callback owns from then
/// on. When `is_armed(flags)` is false it has to be started again: at once after a success, after
/// a pause when the result is EMFILE, ENFILE or ENOMEM, never when it is ECANCELED.
class AcceptOperation : public Operation {
public:
    using Operation::Operation;

    void start(Ring& ring, int listener) {
        const bool multishot = ring.features().multishot_accept;
        ring.submit(*this, [&](io_uring_sqe* entry) {
            if (multishot)
                io_uring_prep_multishot_accept(entry, listener, nullptr, nullptr, SOCK_CLOEXEC);
            else
                io_uring_prep_accept(entry, listener, nullptr, nullptr, SOCK_CLOEXEC);
        });
    }
};

/// Connects a socket of open_tcp(): result 0, or ECONNREFUSED, ETIMEDOUT, ...
class ConnectOperation : public Operation {
public:
    using Operation::Operation;

    void start(Ring& ring, int fd, const Endpoint& to) {
        address_ = SocketAddress(to);
        ring.submit(*this, [&](io_uring_sqe* entry) {
            io_uring_prep_connect(entry, fd, address_.data(), address_.size_bytes());
        });
    }

private:
    SocketAddress address_;
};

/// One scattered receive into up to `capacity` ranges. Result: bytes, 0 at the end of the stream,
/// or a negative errno. Short is usual: advance() and start again, or look at what came.
template <std::size_t capacity>
class ReceiveOperation : public Operation {
public:
    using Operation::Operation;

    /// Fill while not in flight.
    IoVecs<capacity>& ranges() { return ranges_; }

    void start(Ring& ring, int fd) {
        header_.msg_iov = ranges_.rest().data();
        header_.msg_iovlen = ranges_.rest().size();
        ring.submit(*this,
                    [&](io_uring_sqe* entry) { io_uring_prep_recvmsg(entry, fd, &header_, 0); });
    }

private:
    IoVecs<capacity> ranges_;
    msghdr header_{};
};

/// One gathered send of up to `capacity` ranges, one in flight a socket. Result: bytes, or a
/// negative errno (EPIPE and ECONNRESET are ordinary). After a short one: advance() and, unless
/// `ranges().empty()`, start again.
template <std::size_t capacity>
class SendOperation : public Operation {
public:
    using Operation::Operation;

    /// Fill while not in flight.
    IoVecs<capacity>& ranges() { return ranges_; }

    void start(Ring& ring, int fd) {
        point_header();
        ring.submit(*this, [&](io_uring_sqe* entry) {
            io_uring_prep_sendmsg(entry, fd, &header_, MSG_NOSIGNAL);
        });
    }

    /// Without copying, if `ring.features().zero_copy_send`: completes twice, first with the
    /// bytes (all of them, unless it failed on the way or was cancelled), then (is_notification)
    /// when the memory is free. The second is missing when the first has no IORING_CQE_F_MORE.
    void start_zero_copy(Ring& ring, int fd) {
        point_header();
        const bool reports_use = ring.features().zero_copy_reports_use;
        ring.submit(*this, [&](io_uring_sqe* entry) {
            io_uring_prep_sendmsg_zc(entry, fd, &header_, MSG_NOSIGNAL | MSG_WAITALL);
            if (reports_use) entry->ioprio |= send_zc_report_usage;
        });
    }

    /// `result` bytes of the last send are out; true when that was all.
    bool advance(std::int32_t result) {
        SPATE_ASSERT(result >= 0);
        ranges_.advance(static_cast<std::size_t>(result));
        return ranges_.empty();
    }

private:
    void point_header() {
        header_.msg_iov = ranges_.rest().data();
        header_.msg_iovlen = ranges_.rest().size();
    }

    IoVecs<capacity> ranges_;
    msghdr header_{};
};

/// Receives one datagram into the caller's buffer. Result: bytes, or a negative errno
/// (ECONNREFUSED: an earlier datagram met a closed port; start again).
class DatagramReceiveOperation : public Operation {
public:
    using Operation::Operation;

    void start(Ring& ring, int fd, MutableBytes into) {
        range_ = {into.data(), into.size()};
        source_.make_room();
        header_ = {};
        header_.msg_name = source_.data();
        header_.msg_namelen = source_.size_bytes();
        header_.msg_iov = &range_;
        header_.msg_iovlen = 1;
        ring.submit(*this,
                    [&](io_uring_sqe* entry) { io_uring_prep_recvmsg(entry, fd, &header_, 0); });
    }

    /// Of the datagram just received.
    std::optional<Endpoint> source() const { return source_.endpoint(); }
    /// It was longer than the buffer; the rest is lost.
    bool is_truncated() const { return (header_.msg_flags & MSG_TRUNC) != 0; }

private:
    SocketAddress source_;
    iovec range_{};
    msghdr header_{};
};

/// Sends one datagram; the memory stays until completion. Result: bytes, or a negative errno.
class DatagramSendOperation : public Operation {
public:
    using Operation::Operation;

    void start(Ring& ring, int fd, const Endpoint& to, Bytes datagram) {
        destination_ = SocketAddress(to);
        range_ = {const_cast<std::byte*>(datagram.data()), datagram.size()};
        header_ = {};
        header_.msg_name = destination_.data();
        header_.msg_namelen = destination_.size_bytes();
        header_.msg_iov = &range_;
        header_.msg_iovlen = 1;
        ring.submit(*this, [&](io_uring_sqe* entry) {
            io_uring_prep_sendmsg(entry, fd, &header_, MSG_NOSIGNAL);
        });
    }

private:
    SocketAddress destination_;
    iovec range_{};
    msghdr header_{};
};

}  // namespace spate::io
