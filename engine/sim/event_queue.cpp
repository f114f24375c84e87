#include "engine/sim/event_queue.hpp"

#include <algorithm>
#include <utility>

namespace spate::sim {

void EventQueue::schedule(Time at, EventTag tag, Action action) {
    heap_.push_back({std::max(at, now_), sequence_++, tag, std::move(action)});
    std::ranges::push_heap(heap_, later);
}

bool EventQueue::run_next(Time until) {
    if (heap_.empty() || heap_.front().at > until) return false;
    std::ranges::pop_heap(heap_, later);
    Entry entry = std::move(heap_.back());
    heap_.pop_back();
    now_ = entry.at;
    ++events_run_;
    trace(entry);
    entry.action();
    return true;
}

void EventQueue::trace(const Entry& entry) {
    trace(static_cast<std::uint64_t>(entry.at.time_since_epoch().count()));
    trace(static_cast<std::uint64_t>(entry.tag.kind) << 32 | entry.tag.node);
    trace(entry.tag.connection);
    trace(entry.tag.size);
}

void EventQueue::trace(std::uint64_t word) {
    for (unsigned shift = 0; shift < 64; shift += 8)
        trace_hash_ = (trace_hash_ ^ (word >> shift & 0xff)) * 0x100000001b3;
}

}  // namespace spate::sim
