#include "io/ring_setup.hpp"

#include <atomic>

namespace spate::io {
namespace {

/// A ring may be mapped where another thread's ring was before. The kernel orders the two; this
/// tells ThreadSanitizer, which sees neither of liburing's system calls. Carries no state.
std::atomic<unsigned> unmapping_order{0};

}  // namespace

int set_up_ring(unsigned entries, io_uring& ring, io_uring_params& params) {
    const int result = io_uring_queue_init_params(entries, &ring, &params);
    unmapping_order.load(std::memory_order_acquire);
    return result;
}

void take_down_ring(io_uring& ring) {
    unmapping_order.fetch_add(1, std::memory_order_release);
    io_uring_queue_exit(&ring);
}

}  // namespace spate::io
