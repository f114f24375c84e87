#pragma once
// tests/faults/preload/ring_state.hpp: what is done to the operations of one ring.
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include <liburing.h>

#include "tests/faults/preload/plan.hpp"

namespace spate::faults {

/// Looks at submissions before the kernel gets them and at completions before the program does, and
/// changes some. What is not to be done becomes an operation that does nothing, whose completion
/// gets another result: it is there when the submitting call returns. The thread that submits.
class RingState {
public:
    explicit RingState(io_uring& ring) : ring_(ring), seen_(*ring.cq.ktail) {}

    void before_submit();
    void after_submit();
    /// When something that was held back is due.
    std::optional<std::chrono::nanoseconds> next_release() const;

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Held {
        io_uring_sqe entry;
        Time due;
    };
    struct Traced {
        std::uint64_t number;
        int fd;
        bool is_sync;
    };
    /// The ranges of a transfer that was cut; they stay, as they are few.
    struct Cut {
        msghdr header;
        std::vector<iovec> ranges;
    };

    void look_at(io_uring_sqe& entry);
    void trace(const io_uring_sqe& entry);
    void strike(io_uring_sqe& entry, Fault fault);
    void replace(io_uring_sqe& entry, std::int32_t result);
    void hold(io_uring_sqe& entry, std::chrono::milliseconds time);
    void cut(io_uring_sqe& entry);
    void cut_ranges(const iovec* ranges, std::size_t count, Cut& into);
    /// What `entry` cancels and we hold comes back cancelled.
    void cancel_held(io_uring_sqe& entry);
    void release_held();
    void finish(io_uring_cqe& completion);
    void shuffle(unsigned begin, unsigned end);
    std::uint64_t random();

    io_uring& ring_;
    unsigned seen_;  // completions up to here
    std::unordered_map<std::uint64_t, std::int32_t> results_;
    std::unordered_map<std::uint64_t, Traced> traced_;
    std::vector<Held> held_;
    std::deque<Cut> cuts_;
    std::uint64_t random_ = 0;
};

}  // namespace spate::faults
