#pragma once
// engine/sim/event_queue.hpp: virtual time.
#include <cstdint>
#include <functional>
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
    turn,
    read,
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
    /// Captures of up to 16 bytes cost no allocation.
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
    /// Over the times and tags of all events that ran, by integer arithmetic alone: the same on
    /// every machine.
    std::uint64_t trace_hash() const { return trace_hash_; }

private:
    /// The heap moves these, and what is large stays where it is.
    struct Due {
        Time at;
        std::uint64_t sequence;
        std::uint32_t event;  // index into events_
    };
    struct Event {
        EventTag tag;
        Action action;
    };
    static constexpr std::size_t branches = 4;

    static bool earlier(const Due& a, const Due& b) {
        return a.at != b.at ? a.at < b.at : a.sequence < b.sequence;
    }
    std::uint32_t keep(EventTag tag, Action action);
    void push(Due due);
    Due pop();
    void trace(Time at, const EventTag& tag);
    void trace(std::uint64_t word);

    std::vector<Due> heap_;  // each entry has four below it, which are later
    std::vector<Event> events_;
    std::vector<std::uint32_t> free_;  // of events_
    Time now_{1h};                     // so that no session takes the origin for "never"
    std::uint64_t sequence_ = 0;
    std::uint64_t events_run_ = 0;
    std::uint64_t trace_hash_ = 0xcbf29ce484222325;
};

}  // namespace spate::sim
