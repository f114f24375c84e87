#include "tests/faults/preload/ring_state.hpp"

#include <algorithm>
#include <map>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/faults/preload/trace.hpp"

namespace spate::faults {
namespace {

using namespace std::chrono_literals;

constexpr auto late_by = 200ms;
/// With SPATE_FAULT_ORDER one operation on files in so many is held back.
constexpr std::uint64_t late_one_in = 4;
constexpr auto late_in_order_by = 5ms;

bool is_regular(int fd) {
    struct statx found{};
    return ::syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &found) == 0 &&
           S_ISREG(found.stx_mode);
}

Kind kind_of(const io_uring_sqe& entry) {
    switch (entry.opcode) {
        case IORING_OP_READ:
        case IORING_OP_READV:
            return is_regular(entry.fd) ? Kind::ring_read : Kind::ring_event;
        case IORING_OP_WRITE:
        case IORING_OP_WRITEV:
            return Kind::ring_write;
        case IORING_OP_SEND:
        case IORING_OP_SENDMSG:
            return Kind::ring_send;
        case IORING_OP_SENDMSG_ZC:
            return Kind::ring_send_uncopied;
        case IORING_OP_RECV:
        case IORING_OP_RECVMSG:
            return Kind::ring_receive;
        case IORING_OP_ACCEPT:
            return Kind::ring_accept;
        case IORING_OP_CONNECT:
            return Kind::ring_connect;
        case IORING_OP_POLL_ADD:
            return Kind::ring_poll;
        case IORING_OP_FSYNC:
            return Kind::ring_sync;
        case IORING_OP_FALLOCATE:
            return Kind::ring_allocate;
        case IORING_OP_MADVISE:
            return Kind::ring_populate;
        case IORING_OP_MSG_RING:
            return Kind::ring_wake;
        case IORING_OP_TIMEOUT:
            return Kind::ring_timeout;
        case IORING_OP_CLOSE:
            return Kind::ring_close;
        default:
            return Kind::ring_other;
    }
}

bool is_on_a_file(Kind kind) {
    return kind == Kind::ring_read || kind == Kind::ring_write || kind == Kind::ring_sync ||
           kind == Kind::ring_populate;
}

/// The probe asks what the kernel knows by operations on no descriptor.
bool is_probe(const io_uring_sqe& entry) {
    return entry.fd < 0 && entry.opcode != IORING_OP_MADVISE && entry.opcode != IORING_OP_TIMEOUT;
}

}  // namespace

void RingState::before_submit() {
    for (unsigned i = ring_.sq.sqe_head; i != ring_.sq.sqe_tail; ++i)
        look_at(ring_.sq.sqes[i & ring_.sq.ring_mask]);
    release_held();
}

void RingState::look_at(io_uring_sqe& entry) {
    if (entry.opcode == IORING_OP_NOP) return;
    if (entry.opcode == IORING_OP_ASYNC_CANCEL) return cancel_held(entry);
    if (is_probe(entry)) return;
    const Kind kind = kind_of(entry);
    if (const Fault fault = Plan::get().next(kind)) return strike(entry, fault);
    if (Trace::get().on()) trace(entry);
    if (Plan::get().order_seed() != 0 && is_on_a_file(kind) && random() % late_one_in == 0)
        hold(entry, late_in_order_by);
}

void RingState::trace(const io_uring_sqe& entry) {
    std::uint64_t number = 0;
    if (entry.opcode == IORING_OP_WRITEV) {
        const auto* ranges = reinterpret_cast<const iovec*>(entry.addr);
        number =
            Trace::get().begin_write(entry.fd, {ranges, entry.len}, static_cast<off_t>(entry.off));
    } else if (entry.opcode == IORING_OP_WRITE) {
        const iovec range{reinterpret_cast<void*>(entry.addr), entry.len};
        number = Trace::get().begin_write(entry.fd, {&range, 1}, static_cast<off_t>(entry.off));
    } else if (entry.opcode == IORING_OP_FSYNC) {
        number = Trace::get().begin_sync(entry.fd, false);
    }
    if (number != 0) traced_[entry.user_data] = {number, entry.fd, entry.opcode == IORING_OP_FSYNC};
}

void RingState::strike(io_uring_sqe& entry, Fault fault) {
    switch (fault.what) {
        case Fault::What::error:
            return replace(entry, -fault.error);
        case Fault::What::nothing:
            return replace(entry, 0);
        case Fault::What::late:
            return hold(entry, late_by);
        case Fault::What::partial:
            return cut(entry);
        case Fault::What::none:
            return;
    }
}

void RingState::replace(io_uring_sqe& entry, std::int32_t result) {
    const std::uint64_t user_data = entry.user_data;
    const auto links = static_cast<std::uint8_t>(entry.flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK));
    entry = {};
    io_uring_prep_nop(&entry);
    entry.flags = links;  // and a completion, whether one was wanted for a success or not
    entry.user_data = user_data;
    results_[user_data] = result;
}

void RingState::hold(io_uring_sqe& entry, std::chrono::milliseconds time) {
    held_.push_back({entry, std::chrono::steady_clock::now() + time});
    held_.back().entry.flags &= static_cast<std::uint8_t>(~(IOSQE_IO_LINK | IOSQE_IO_HARDLINK));
    const auto links = static_cast<std::uint8_t>(entry.flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK));
    entry = {};
    io_uring_prep_nop(&entry);
    entry.flags = static_cast<std::uint8_t>(links | IOSQE_CQE_SKIP_SUCCESS);
}

void RingState::cut_ranges(const iovec* ranges, std::size_t count, Cut& into) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) size += ranges[i].iov_len;
    std::size_t left = std::max<std::size_t>(size / 2, 1);
    for (std::size_t i = 0; i < count && left > 0; ++i) {
        const std::size_t length = std::min(ranges[i].iov_len, left);
        into.ranges.push_back({ranges[i].iov_base, length});
        left -= length;
    }
}

void RingState::cut(io_uring_sqe& entry) {
    switch (entry.opcode) {
        case IORING_OP_READ:
        case IORING_OP_WRITE:
        case IORING_OP_SEND:
        case IORING_OP_RECV:
            entry.len = std::max(entry.len / 2, 1U);
            return;
        case IORING_OP_READV:
        case IORING_OP_WRITEV: {
            Cut& made = cuts_.emplace_back();
            cut_ranges(reinterpret_cast<const iovec*>(entry.addr), entry.len, made);
            entry.addr = reinterpret_cast<std::uint64_t>(made.ranges.data());
            entry.len = static_cast<unsigned>(made.ranges.size());
            return;
        }
        case IORING_OP_SENDMSG:
        case IORING_OP_SENDMSG_ZC:
        case IORING_OP_RECVMSG: {
            const auto& header = *reinterpret_cast<const msghdr*>(entry.addr);
            Cut& made = cuts_.emplace_back();
            made.header = header;
            cut_ranges(header.msg_iov, header.msg_iovlen, made);
            made.header.msg_iov = made.ranges.data();
            made.header.msg_iovlen = made.ranges.size();
            entry.addr = reinterpret_cast<std::uint64_t>(&made.header);
            return;
        }
        default:
            return;
    }
}

void RingState::cancel_held(io_uring_sqe& entry) {
    const bool all = (entry.cancel_flags & IORING_ASYNC_CANCEL_ANY) != 0;
    const std::uint64_t meant = entry.addr;
    std::erase_if(held_, [&](const Held& held) {
        if (!all && held.entry.user_data != meant) return false;
        // Where there is no room it waits for the next cancellation.
        io_uring_sqe* more = all ? io_uring_get_sqe(&ring_) : &entry;
        if (more == nullptr) return false;
        *more = held.entry;
        replace(*more, -ECANCELED);
        return true;
    });
}

void RingState::release_held() {
    const Time now = std::chrono::steady_clock::now();
    for (auto held = held_.begin(); held != held_.end();) {
        io_uring_sqe* entry = held->due <= now ? io_uring_get_sqe(&ring_) : nullptr;
        if (entry == nullptr) {
            ++held;
            continue;
        }
        *entry = held->entry;
        held = held_.erase(held);
    }
}

std::optional<std::chrono::nanoseconds> RingState::next_release() const {
    if (held_.empty()) return std::nullopt;
    const auto first = std::ranges::min_element(held_, {}, &Held::due);
    return std::max<std::chrono::nanoseconds>(first->due - std::chrono::steady_clock::now(), 0ns);
}

void RingState::after_submit() {
    const unsigned begin = seen_;
    const unsigned end = io_uring_smp_load_acquire(ring_.cq.ktail);
    for (; seen_ != end; ++seen_) finish(ring_.cq.cqes[seen_ & ring_.cq.ring_mask]);
    // The program may have taken some of them already.
    const unsigned head = *ring_.cq.khead;
    if (Plan::get().order_seed() != 0)
        shuffle(static_cast<int>(head - begin) > 0 ? head : begin, end);
}

void RingState::finish(io_uring_cqe& completion) {
    if (const auto found = results_.find(completion.user_data); found != results_.end()) {
        completion.res = found->second;
        completion.flags = 0;
        results_.erase(found);
    }
    const auto found = traced_.find(completion.user_data);
    if (found == traced_.end()) return;
    const Traced& traced = found->second;
    if (traced.is_sync)
        Trace::get().end_sync(traced.number, completion.res);
    else
        Trace::get().end_write(traced.number, traced.fd, completion.res);
    traced_.erase(found);
}

/// Completions of one operation keep their order.
void RingState::shuffle(unsigned begin, unsigned end) {
    std::vector<io_uring_cqe> batch;
    std::map<std::uint64_t, std::uint64_t> places;
    for (unsigned i = begin; i != end; ++i) {
        batch.push_back(ring_.cq.cqes[i & ring_.cq.ring_mask]);
        places.try_emplace(batch.back().user_data, random());
    }
    std::ranges::stable_sort(batch, {}, [&](const auto& entry) { return places[entry.user_data]; });
    for (unsigned i = begin; i != end; ++i)
        ring_.cq.cqes[i & ring_.cq.ring_mask] = batch[i - begin];
}

/// SplitMix64.
std::uint64_t RingState::random() {
    if (random_ == 0) random_ = Plan::get().order_seed();
    std::uint64_t mixed = random_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

}  // namespace spate::faults
