#pragma once
// io/prepare.hpp: fills submission entries; what the pointers name must stay until completion.
#include <cstdint>
#include <fcntl.h>
#include <optional>
#include <span>

#include <liburing.h>

#include "engine/base/bytes.hpp"
#include "engine/base/time.hpp"
#include "io/kernel.hpp"

namespace spate::io {

/// Into the caller's memory. Completes with what there is, 0 at the end of the stream.
inline void prepare_receive(io_uring_sqe* entry, int fd, MutableBytes into) {
    io_uring_prep_recv(entry, fd, into.data(), into.size(), 0);
}

/// Into a buffer that the kernel takes from buffer group `group` when data arrives; see
/// selected_buffer(). ENOBUFS when the group is empty. A multishot one goes on until its
/// completion lacks IORING_CQE_F_MORE.
inline void prepare_receive_selected(io_uring_sqe* entry, int fd, std::uint16_t group,
                                     bool multishot) {
    if (multishot)
        io_uring_prep_recv_multishot(entry, fd, nullptr, 0, 0);
    else
        io_uring_prep_recv(entry, fd, nullptr, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = group;
}

/// The buffer that a completion names, if any.
inline std::optional<std::uint16_t> selected_buffer(std::uint32_t completion_flags) {
    if ((completion_flags & IORING_CQE_F_BUFFER) == 0) return std::nullopt;
    return static_cast<std::uint16_t>(completion_flags >> IORING_CQE_BUFFER_SHIFT);
}

/// The operation stays armed and will complete again.
inline bool is_armed(std::uint32_t completion_flags) {
    return (completion_flags & IORING_CQE_F_MORE) != 0;
}

/// A zero-copy send gives its memory back; `result` of such a completion tells whether the kernel
/// copied (see notification_copied), not how much was sent.
inline bool is_notification(std::uint32_t completion_flags) {
    return (completion_flags & IORING_CQE_F_NOTIF) != 0;
}

/// More data waits in the socket than this receive took.
inline bool has_more_to_receive(std::uint32_t completion_flags) {
    return (completion_flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
}

inline void prepare_send(io_uring_sqe* entry, int fd, Bytes from) {
    io_uring_prep_send(entry, fd, from.data(), from.size(), MSG_NOSIGNAL);
}

/// `how` is SHUT_WR, SHUT_RD or SHUT_RDWR.
inline void prepare_shutdown(io_uring_sqe* entry, int fd, int how) {
    io_uring_prep_shutdown(entry, fd, how);
}

inline void prepare_close(io_uring_sqe* entry, int fd) {
    io_uring_prep_close(entry, fd);
}

/// POLLIN, POLLOUT, ...; completes once, with the events.
inline void prepare_poll(io_uring_sqe* entry, int fd, unsigned events) {
    io_uring_prep_poll_add(entry, fd, events);
}

inline void prepare_read_at(io_uring_sqe* entry, int fd, MutableBytes into,
                            std::uint64_t offset_bytes) {
    io_uring_prep_read(entry, fd, into.data(), static_cast<unsigned>(into.size()), offset_bytes);
}

inline void prepare_write_at(io_uring_sqe* entry, int fd, Bytes from, std::uint64_t offset_bytes) {
    io_uring_prep_write(entry, fd, from.data(), static_cast<unsigned>(from.size()), offset_bytes);
}

inline void prepare_sync(io_uring_sqe* entry, int fd) {
    io_uring_prep_fsync(entry, fd, 0);
}

/// Data and what is needed to find it, not the times.
inline void prepare_sync_data(io_uring_sqe* entry, int fd) {
    io_uring_prep_fsync(entry, fd, IORING_FSYNC_DATASYNC);
}

/// Blocks for bytes [offset, offset + length); the file grows when it ends before.
inline void prepare_allocate(io_uring_sqe* entry, int fd, std::uint64_t offset_bytes,
                             std::uint64_t length_bytes) {
    io_uring_prep_fallocate(entry, fd, 0, static_cast<off_t>(offset_bytes),
                            static_cast<off_t>(length_bytes));
}

/// Starts reading a range of a file into the page cache: all of it and nothing else, whatever the
/// system's read-ahead is.
inline void prepare_read_ahead(io_uring_sqe* entry, int fd, std::uint64_t offset_bytes,
                               std::uint32_t length_bytes) {
    io_uring_prep_fadvise(entry, fd, offset_bytes, static_cast<off_t>(length_bytes),
                          POSIX_FADV_WILLNEED);
}

/// Faults a file mapping's pages in, on a kernel worker: a cold page would stall the ring thread.
inline void prepare_populate(io_uring_sqe* entry, MutableBytes mapping) {
    constexpr int populate_read = 22;  // MADV_POPULATE_READ, 5.14
    io_uring_prep_madvise(entry, mapping.data(), static_cast<off_t>(mapping.size()), populate_read);
}

/// A point of CLOCK_MONOTONIC in the kernel's form; for prepare_timeout().
inline __kernel_timespec to_kernel_time(Time at) {
    const auto since = at.time_since_epoch();
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(since);
    return {whole.count(), (since - whole).count()};
}

/// Completes with -ETIME at `at`.
inline void prepare_timeout(io_uring_sqe* entry, __kernel_timespec& at) {
    io_uring_prep_timeout(entry, &at, 0, IORING_TIMEOUT_ABS);
}

}  // namespace spate::io
