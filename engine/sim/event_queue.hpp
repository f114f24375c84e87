#pragma once
// engine/sim/event_queue.hpp: virtual time.
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/base/time.hpp"

namespace spate::sim {

/// What happens, for the trace.
enum class EventKind : std::uint8_t {
    scenario,
    timer,
    mail,
    call_arrived,
    call_answered,
    chunk_departed,
    chunk_arrived,
    chunk_delivered,
    received,
    connection_lost,
    closed,
    hashed,
    written,
    announced,
};

/// Names an event in the trace: two runs are the same when all their tags are.
struct EventTag {
    EventKind kind{};
    std::uint32_t node = 0;
    std::uint64_t connection = 0;
    std::uint64_t size = 0;
};

/// Runs actions in the order of their times, and of their scheduling where times are equal. The
/// only clock of a simulation. One thread.
class EventQueue {
public:
    using Action = std::move_only_function<void()>;

    /// A time that has passed means now.
    void schedule(Time at, EventTag tag, Action action);
    void schedule_in(Duration delay, EventTag tag, Action action) {
        schedule(now_ + delay, tag, std::move(action));
    }
    /// False when nothing is left, or nothing up to `until`.
    bool run_next(Time until);

    Time now() const { return now_; }
    std::uint64_t events_run() const { return events_run_; }
    /// FNV-1a over the times and tags of all events that ran.
    std::uint64_t trace_hash() const { return trace_hash_; }

private:
    struct Entry {
        Time at;
        std::uint64_t sequence;
        EventTag tag;
        Action action;
    };
    static bool later(const Entry& a, const Entry& b) {
        return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }
    void trace(const Entry& entry);
    void trace(std::uint64_t word);

    std::vector<Entry> heap_;
    Time now_{1h};  // so that no session takes the origin for "never"
    std::uint64_t sequence_ = 0;
    std::uint64_t events_run_ = 0;
    std::uint64_t trace_hash_ = 0xcbf29ce484222325;
};

}  // namespace spate::sim
