#include "io/ring.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "io/ring_setup.hpp"

namespace spate::io {
namespace {

/// Sleeping without a deadline is sleeping this long, again and again.
constexpr Duration sleep_max = std::chrono::hours(1);

__kernel_timespec to_kernel(Duration duration) {
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(duration);
    return {whole.count(), (duration - whole).count()};
}

}  // namespace

std::expected<std::unique_ptr<Ring>, Unavailable> Ring::open(const Features& features,
                                                             const RingOptions& options) {
    SPATE_ASSERT(options.entries > 0 && options.completion_entries >= options.entries);
    SPATE_ASSERT(options.completions_per_turn_max > 0);
    io_uring_params params{};
    // The others name a thread that submits and reaps, or let its completions wait for it.
    const std::uint32_t shared_flags = features.submit_all ? IORING_SETUP_SUBMIT_ALL : 0;
    params.flags =
        (options.one_thread ? features.setup_flags() : shared_flags) | IORING_SETUP_CQSIZE;
    params.cq_entries = options.completion_entries;
    std::unique_ptr<Ring> ring(new Ring(features, options));
    const int result = set_up_ring(options.entries, ring->ring_, params);
    if (result < 0) {
        ring->ring_.ring_fd = -1;
        return std::unexpected(explain_setup_error(-result, Surroundings::read()));
    }
    // Saves a reference count a call, in this thread only; may fail.
    if (options.one_thread) io_uring_register_ring_fd(&ring->ring_);
    std::array<unsigned, 2> workers{options.file_workers_max, 0};  // 0: as it was
    io_uring_register_iowq_max_workers(&ring->ring_, workers.data());
    return ring;
}

Ring::~Ring() {
    SPATE_ASSERT(in_flight_ == 0 || counters_.losses > 0);
    if (ring_.ring_fd < 0) return;  // never opened
    take_down_ring(ring_);
}

io_uring_sqe* Ring::next_entry() {
    if (backlog_.empty()) {
        if (io_uring_sqe* entry = io_uring_get_sqe(&ring_)) return entry;
        ++counters_.enter_calls;
        check(io_uring_submit(&ring_));
        if (io_uring_sqe* entry = io_uring_get_sqe(&ring_)) return entry;
    }
    // Order matters (a cancel follows what it cancels), so all that follows waits as well.
    SPATE_ASSERT(backlog_.size() < backlog_entries_max);
    return &backlog_.emplace_back();
}

void Ring::refill_from_backlog() {
    while (!backlog_.empty()) {
        io_uring_sqe* entry = io_uring_get_sqe(&ring_);
        if (entry == nullptr) return;
        *entry = backlog_.front();
        backlog_.pop_front();
    }
}

void Ring::cancel(Operation& operation) {
    if (!operation.in_flight_) return;
    io_uring_sqe* entry = next_entry();
    io_uring_prep_cancel(entry, &operation, 0);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(entry, ignored_token);
}

bool Ring::has_news() const {
    if (io_uring_cq_ready(&ring_) > 0) return true;
    const unsigned flags = IO_URING_READ_ONCE(*ring_.sq.kflags);
    return (flags & (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN)) != 0;
}

bool Ring::is_idle(Clock& clock, std::optional<Time> deadline) {
    if (has_news() || !backlog_.empty()) return false;
    if (deadline && *deadline <= clock.refresh()) return false;
    const bool spins = options_.spin > Duration::zero() && fruitless_spins_ < fruitless_spins_max;
    return !spins || stays_idle(clock, deadline);
}

bool Ring::stays_idle(Clock& clock, std::optional<Time> deadline) {
    ++counters_.spins;
    submit_and_peek();
    const Time begin = clock.refresh();
    const Time spin_end = begin + options_.spin;
    const Time end = deadline ? std::min(*deadline, spin_end) : spin_end;
    while (!has_news()) {
        if (clock.refresh() >= end) {
            ++fruitless_spins_;
            counters_.polled += clock.now() - begin;
            return !deadline || clock.now() < *deadline;
        }
        __builtin_ia32_pause();
    }
    fruitless_spins_ = 0;
    counters_.polled += clock.now() - begin;
    return false;
}

void Ring::submit_and_sleep(Clock& clock, std::optional<Time> deadline) {
    Duration wait = sleep_max;
    if (deadline) wait = std::clamp(*deadline - clock.refresh(), Duration::zero(), sleep_max);
    __kernel_timespec timeout = to_kernel(wait);
    io_uring_cqe* ready = nullptr;
    ++counters_.enter_calls;
    ++counters_.sleeps;
    const Time start = clock.now();
    check(io_uring_submit_and_wait_timeout(&ring_, &ready, 1, &timeout, nullptr));
    if (options_.spin > Duration::zero() && clock.refresh() - start < options_.spin)
        fruitless_spins_ = 0;
}

void Ring::submit_and_peek() {
    refill_from_backlog();
    const unsigned flags = IO_URING_READ_ONCE(*ring_.sq.kflags);
    const bool kernel_waits = (flags & (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN)) != 0;
    if (!kernel_waits && io_uring_sq_ready(&ring_) == 0) return;
    ++counters_.enter_calls;
    check(io_uring_submit_and_get_events(&ring_));
}

/// Timeouts, signals and a kernel that is short of memory or of completion slots for now are
/// ordinary: the entries stay queued and the next turn tries again. When it had no memory even to
/// keep completions (EBADR, told once), the operations that they were of never end, and those that
/// wait for them give up by their own time-outs; all others go on. Anything else is our bug.
void Ring::check(int result) {
    if (result >= 0 || result == -ETIME || result == -EINTR) return;
    if (result == -EBADR) {
        ++counters_.losses;
        return;
    }
    SPATE_ASSERT(result == -EBUSY || result == -EAGAIN || result == -ENOMEM);
    ++counters_.refusals;
}

unsigned Ring::dispatch() {
    if (io_uring_cq_has_overflow(&ring_)) ++counters_.overflows;
    unsigned count = 0;
    while (count < options_.completions_per_turn_max) {
        const unsigned head = *ring_.cq.khead;
        if (head == io_uring_smp_load_acquire(ring_.cq.ktail)) break;
        const io_uring_cqe& entry = ring_.cq.cqes[head & ring_.cq.ring_mask];
        const std::uint64_t user_data = entry.user_data;
        const std::int32_t result = entry.res;
        const std::uint32_t flags = entry.flags;
        io_uring_cq_advance(&ring_, 1);  // before the callback, which may enter the kernel
        complete(user_data, result, flags);
        ++count;
    }
    counters_.completions += count;
    return count;
}

void Ring::complete(std::uint64_t user_data, std::int32_t result, std::uint32_t flags) {
    if (user_data == ignored_token) return;
    if (user_data == wake_token) {
        ++counters_.wakes_received;
        return;
    }
    auto& operation = *reinterpret_cast<Operation*>(user_data & ~tag_mask);
    if ((user_data & tag_mask) == 0 && (flags & IORING_CQE_F_MORE) == 0) {
        operation.in_flight_ = false;
        --in_flight_;
    }
    operation.callback_(operation, result, flags);  // may submit or destroy it
}

bool Ring::drain(Clock& clock, Duration limit) {
    constexpr Duration step = std::chrono::milliseconds(20);
    draining_ = true;
    const Time deadline = clock.refresh() + limit;
    while (in_flight_ > 0 && clock.now() < deadline) {
        io_uring_sqe* entry = next_entry();
        io_uring_prep_cancel64(entry, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
        io_uring_sqe_set_data64(entry, ignored_token);
        // The cancellation's own completion ends a wait of this turn, so some follow.
        for (int turns = 0; turns < 3 && in_flight_ > 0; ++turns)
            turn(clock, std::min(deadline, clock.now() + step));
    }
    draining_ = false;
    return in_flight_ == 0;
}

}  // namespace spate::io
