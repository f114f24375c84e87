// Stands in front of liburing's functions that enter the kernel.
#include <map>
#include <memory>
#include <mutex>

#include "tests/faults/preload/calls.hpp"
#include "tests/faults/preload/ring_state.hpp"

using namespace spate::faults;

namespace {

class Rings {
public:
    static Rings& get() {
        static Rings& rings = *new Rings;  // never destroyed
        return rings;
    }
    RingState& of(io_uring& ring) {
        const std::lock_guard lock(mutex_);
        auto& state = states_[&ring];
        if (!state) state = std::make_unique<RingState>(ring);
        return *state;
    }
    void forget(io_uring& ring) {
        const std::lock_guard lock(mutex_);
        states_.erase(&ring);
    }

private:
    std::mutex mutex_;
    std::map<io_uring*, std::unique_ptr<RingState>> states_;
};

/// Enters by `enter(state)`, unless that is what fails.
template <class Enter>
int enter_ring(io_uring* ring, Enter enter) {
    const Fault fault = Plan::get().next(Kind::ring_enter);
    if (fault.what == Fault::What::error) return -fault.error;
    RingState& state = Rings::get().of(*ring);
    state.before_submit();
    const int result = enter(state);
    state.after_submit();
    return result;
}

int fails_as(Kind kind) {
    const Fault fault = Plan::get().next(kind);
    return fault.what == Fault::What::error ? -fault.error : 0;
}

}  // namespace

extern "C" {

int io_uring_queue_init_params(unsigned entries, io_uring* ring, io_uring_params* params) {
    static const auto next = original(&::io_uring_queue_init_params, "io_uring_queue_init_params");
    if (const int error = fails_as(Kind::ring_setup)) return error;
    return next(entries, ring, params);
}

void io_uring_queue_exit(io_uring* ring) {
    static const auto next = original(&::io_uring_queue_exit, "io_uring_queue_exit");
    Rings::get().forget(*ring);
    next(ring);
}

int io_uring_submit(io_uring* ring) {
    static const auto next = original(&::io_uring_submit, "io_uring_submit");
    return enter_ring(ring, [&](RingState&) { return next(ring); });
}

int io_uring_submit_and_get_events(io_uring* ring) {
    static const auto next =
        original(&::io_uring_submit_and_get_events, "io_uring_submit_and_get_events");
    return enter_ring(ring, [&](RingState&) { return next(ring); });
}

int io_uring_submit_and_wait(io_uring* ring, unsigned count) {
    static const auto next = original(&::io_uring_submit_and_wait, "io_uring_submit_and_wait");
    return enter_ring(ring, [&](RingState&) { return next(ring, count); });
}

int io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe** ready, unsigned count,
                                     __kernel_timespec* timeout, sigset_t* signals) {
    static const auto next =
        original(&::io_uring_submit_and_wait_timeout, "io_uring_submit_and_wait_timeout");
    return enter_ring(ring, [&](RingState& state) {
        __kernel_timespec soon = *timeout;
        if (const auto release = state.next_release(); release && soon.tv_sec >= 1)
            soon = {0, release->count()};
        return next(ring, ready, count, &soon, signals);
    });
}

int io_uring_register_buf_ring(io_uring* ring, io_uring_buf_reg* registration, unsigned flags) {
    static const auto next = original(&::io_uring_register_buf_ring, "io_uring_register_buf_ring");
    if (const int error = fails_as(Kind::ring_register)) return error;
    return next(ring, registration, flags);
}

int io_uring_register_ring_fd(io_uring* ring) {
    static const auto next = original(&::io_uring_register_ring_fd, "io_uring_register_ring_fd");
    if (const int error = fails_as(Kind::ring_register)) return error;
    return next(ring);
}

int io_uring_register_iowq_max_workers(io_uring* ring, unsigned* workers) {
    static const auto next =
        original(&::io_uring_register_iowq_max_workers, "io_uring_register_iowq_max_workers");
    if (const int error = fails_as(Kind::ring_register)) return error;
    return next(ring, workers);
}

}  // extern "C"
