#include "engine/sim/event_queue.hpp"

#include <algorithm>
#include <utility>

namespace spate::sim {

void EventQueue::schedule(Time at, EventTag tag, Action action) {
    push({std::max(at, now_), sequence_++, keep(tag, std::move(action))});
}

std::uint32_t EventQueue::keep(EventTag tag, Action action) {
    if (free_.empty()) {
        events_.push_back({tag, std::move(action)});
        return static_cast<std::uint32_t>(events_.size() - 1);
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    events_[index].tag = tag;
    events_[index].action = std::move(action);
    return index;
}

void EventQueue::push(Due due) {
    std::size_t hole = heap_.size();
    heap_.push_back(due);
    while (hole > 0) {
        const std::size_t parent = (hole - 1) / branches;
        if (!earlier(due, heap_[parent])) break;
        heap_[hole] = heap_[parent];
        hole = parent;
    }
    heap_[hole] = due;
}

EventQueue::Due EventQueue::pop() {
    const Due first = heap_.front();
    const Due last = heap_.back();
    heap_.pop_back();
    const std::size_t size = heap_.size();
    for (std::size_t hole = 0; hole < size;) {
        std::size_t next = size;
        const std::size_t end = std::min(hole * branches + 1 + branches, size);
        for (std::size_t child = hole * branches + 1; child < end; ++child)
            if (next == size || earlier(heap_[child], heap_[next])) next = child;
        if (next == size || !earlier(heap_[next], last)) {
            heap_[hole] = last;
            break;
        }
        heap_[hole] = heap_[next];
        hole = next;
    }
    return first;
}

bool EventQueue::run_next(Time until) {
    if (heap_.empty() || heap_.front().at > until) return false;
    const Due due = pop();
    now_ = due.at;
    ++events_run_;
    trace(due.at, events_[due.event].tag);
    Action action = std::move(events_[due.event].action);
    free_.push_back(due.event);
    action();
    return true;
}

void EventQueue::trace(Time at, const EventTag& tag) {
    trace(static_cast<std::uint64_t>(at.time_since_epoch().count()));
    trace(static_cast<std::uint64_t>(tag.kind) << 32 | tag.node);
    trace(tag.connection);
    trace(tag.size);
}

void EventQueue::trace(std::uint64_t word) {
    trace_hash_ = (trace_hash_ ^ word) * 0x9e3779b97f4a7c15;
    trace_hash_ ^= trace_hash_ >> 32;
}

}  // namespace spate::sim
