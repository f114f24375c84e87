#pragma once
// io/file_operations.hpp: operations on files and timers; see socket_operations.hpp for the style.
#include <cstdint>

#include "io/iovecs.hpp"
#include "io/operation.hpp"
#include "io/prepare.hpp"
#include "io/ring.hpp"

namespace spate::io {

/// Reads or writes up to `capacity` ranges at one place of a file. Result: bytes, 0 at the end of
/// the file, or a negative errno (ENOSPC, EIO, EFAULT, ...). After a short one: advance() and,
/// unless it says that this was all, start the same again; a read that returns 0 is at the end.
template <std::size_t capacity>
class FileOperation : public Operation {
public:
    using Operation::Operation;

    /// Fill while not in flight.
    IoVecs<capacity>& ranges() { return ranges_; }
    void set_offset(std::uint64_t offset_bytes) { offset_bytes_ = offset_bytes; }
    std::uint64_t offset_bytes() const { return offset_bytes_; }

    void start_read(Ring& ring, int fd) {
        ring.submit(*this, [&](io_uring_sqe* entry) {
            io_uring_prep_readv(entry, fd, ranges_.rest().data(), count(), offset_bytes_);
        });
    }

    void start_write(Ring& ring, int fd) {
        ring.submit(*this, [&](io_uring_sqe* entry) {
            io_uring_prep_writev(entry, fd, ranges_.rest().data(), count(), offset_bytes_);
        });
    }

    /// `result` bytes of the last transfer are done; true when that was all.
    bool advance(std::int32_t result) {
        SPATE_ASSERT(result >= 0);
        ranges_.advance(static_cast<std::size_t>(result));
        offset_bytes_ += static_cast<std::uint64_t>(result);
        return ranges_.empty();
    }

private:
    unsigned count() { return static_cast<unsigned>(ranges_.rest().size()); }

    IoVecs<capacity> ranges_;
    std::uint64_t offset_bytes_ = 0;
};

/// Result: 0 or a negative errno. A failed sync isn't repaired by another: what was written since
/// the last good one may be lost.
class SyncOperation : public Operation {
public:
    using Operation::Operation;

    void start(Ring& ring, int fd) {
        ring.submit(*this, [&](io_uring_sqe* entry) { prepare_sync(entry, fd); });
    }
    void start_data_only(Ring& ring, int fd) {
        ring.submit(*this, [&](io_uring_sqe* entry) { prepare_sync_data(entry, fd); });
    }
};

/// Completes with -ETIME at a time. For few and rare ones; machines use the deadline of turn().
class TimeoutOperation : public Operation {
public:
    using Operation::Operation;

    void start(Ring& ring, Time at) {
        at_ = to_kernel_time(at);
        ring.submit(*this, [&](io_uring_sqe* entry) { prepare_timeout(entry, at_); });
    }

private:
    __kernel_timespec at_{};
};

}  // namespace spate::io
