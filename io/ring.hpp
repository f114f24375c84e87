#pragma once
// io/ring.hpp: one core thread's queue to the kernel.
#include <concepts>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>

#include <liburing.h>

#include "engine/base/assert.hpp"
#include "engine/base/time.hpp"
#include "io/clock.hpp"
#include "io/operation.hpp"
#include "io/probe.hpp"

namespace spate::io {

struct RingOptions {
    unsigned entries = 1024;             ///< submissions between two turns; more are flushed
    unsigned completion_entries = 8192;  ///< more are kept by the kernel, at a cost
    unsigned completions_per_turn_max = 1024;
    /// Polls this long before sleeping; worth it when peers answer within tens of microseconds.
    /// After fruitless_spins_max in a row it sleeps at once, until a sleep turns out to be as
    /// short.
    Duration spin = Duration::zero();
    /// Threads of the kernel that wait for files on this ring's behalf; its own default, four a
    /// CPU, lets one slow disk hold up the others.
    unsigned file_workers_max = 64;
    /// False: threads may take turns with the ring, each after the one before in some order that
    /// the caller sees to. Costs wake-ups of the thread that submitted, so it's for rare and large
    /// operations.
    bool one_thread = true;
};

/// Monotonic since the ring was opened.
struct RingCounters {
    std::uint64_t enter_calls = 0;  ///< system calls
    std::uint64_t ops_submitted = 0;
    std::uint64_t completions = 0;
    std::uint64_t overflows = 0;  ///< turns that found the completion queue overflown
    std::uint64_t losses = 0;     ///< times that the kernel lost completions, for want of memory
    std::uint64_t refusals = 0;   ///< the kernel took no submissions for now (EBUSY, EAGAIN)
    std::uint64_t wakes_received = 0;
    std::uint64_t sleeps = 0;
    std::uint64_t spins = 0;  ///< polls instead of sleeps, fruitless ones included
    Duration polled{};        ///< the time they took
};

/// Submits operations and runs their callbacks. Opened, used and destroyed by one thread (but see
/// RingOptions::one_thread), which first drains it: no operation is in flight when it goes, but
/// such as the kernel lost. Steady state allocates nothing.
class Ring {
public:
    static std::expected<std::unique_ptr<Ring>, Unavailable> open(const Features& features,
                                                                  const RingOptions& options = {});
    ~Ring();
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    /// `prepare` fills the entry, e.g. `[&](io_uring_sqe* e) { io_uring_prep_read(e, ...); }`.
    /// What the entry points at must stay until the operation completes.
    template <std::invocable<io_uring_sqe*> Prepare>
    void submit(Operation& operation, Prepare&& prepare) {
        SPATE_ASSERT(!operation.in_flight_);
        io_uring_sqe* entry = next_entry();
        prepare(entry);
        io_uring_sqe_set_data(entry, &operation);
        operation.in_flight_ = true;
        ++in_flight_;
        ++counters_.ops_submitted;
    }

    /// Submits something that reports only when it fails, to the callback of `on_failure`, which
    /// doesn't count as in flight and outlives the ring.
    template <std::invocable<io_uring_sqe*> Prepare>
    void post(Operation& on_failure, Prepare&& prepare) {
        io_uring_sqe* entry = next_entry();
        prepare(entry);
        entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
        io_uring_sqe_set_data64(entry, reinterpret_cast<std::uint64_t>(&on_failure) | failure_tag);
        ++counters_.ops_submitted;
    }

    /// Submits `operation` so that it starts when what `prepare_first` fills has ended, well or
    /// not, of which nothing is reported. The order is lost when the queue is full in between.
    template <std::invocable<io_uring_sqe*> PrepareFirst, std::invocable<io_uring_sqe*> Prepare>
    void submit_after(PrepareFirst&& prepare_first, Operation& operation, Prepare&& prepare) {
        io_uring_sqe* first = next_entry();
        prepare_first(first);
        first->flags |= IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_HARDLINK;
        io_uring_sqe_set_data64(first, ignored_token);
        ++counters_.ops_submitted;
        submit(operation, prepare);
    }

    /// Asks the kernel to give the operation back: it completes with -ECANCELED, or as it would
    /// have, if that was sooner. No effect when it isn't in flight.
    void cancel(Operation& operation);

    /// One turn: submits what is pending, waits for a completion until `deadline` (forever when
    /// empty, not at all when it has passed), refreshes the clock, and runs the callbacks of what
    /// is ready. Returns early after a signal. Returns how many completions it dispatched.
    unsigned turn(Clock& clock, std::optional<Time> deadline) {
        return turn(clock, deadline, [] { return true; });
    }

    /// The same; `may_sleep()` is asked right before blocking, and false means a turn without.
    template <std::predicate MaySleep>
    unsigned turn(Clock& clock, std::optional<Time> deadline, MaySleep&& may_sleep) {
        if (is_idle(clock, deadline) && may_sleep())
            submit_and_sleep(clock, deadline);
        else
            submit_and_peek();
        clock.refresh();
        return dispatch();
    }

    /// Cancels everything and turns until nothing is in flight; false when `limit` passed first.
    /// Callbacks see `draining()` and re-arm nothing.
    bool drain(Clock& clock, Duration limit);
    bool draining() const { return draining_; }

    std::size_t in_flight() const { return in_flight_; }
    const RingCounters& counters() const { return counters_; }
    const Features& features() const { return features_; }
    /// For MSG_RING to this ring, from any thread while the ring lives.
    int descriptor() const { return ring_.ring_fd; }
    /// For registrations (buffer rings, fixed buffers); submissions go through submit().
    io_uring* native() { return &ring_; }

    /// user_data of the message that wakes a ring; see doorbell.hpp.
    static constexpr std::uint64_t wake_token = 2;
    static constexpr unsigned fruitless_spins_max = 8;

private:
    // Operations are aligned to 8: the low bits of user_data tell the other completions.
    static constexpr std::uint64_t tag_mask = 7;
    static constexpr std::uint64_t ignored_token = 1;
    static constexpr std::uint64_t failure_tag = 3;
    static_assert(alignof(Operation) > tag_mask);

    /// Submissions that the kernel refused and that wait in user memory for the next turn.
    static constexpr std::size_t backlog_entries_max = 1 << 20;

    Ring(const Features& features, const RingOptions& options)
        : features_(features), options_(options) {}

    io_uring_sqe* next_entry();
    void refill_from_backlog();
    bool has_news() const;
    bool is_idle(Clock& clock, std::optional<Time> deadline);
    bool stays_idle(Clock& clock, std::optional<Time> deadline);
    void submit_and_sleep(Clock& clock, std::optional<Time> deadline);
    void submit_and_peek();
    void check(int result);
    unsigned dispatch();
    void complete(std::uint64_t user_data, std::int32_t result, std::uint32_t flags);

    io_uring ring_{};
    Features features_;
    RingOptions options_;
    RingCounters counters_;
    std::size_t in_flight_ = 0;
    unsigned fruitless_spins_ = 0;  // in a row
    bool draining_ = false;
    std::deque<io_uring_sqe> backlog_;
};

}  // namespace spate::io
