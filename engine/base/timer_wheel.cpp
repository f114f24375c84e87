#include "engine/base/timer_wheel.hpp"

#include <algorithm>
#include <bit>

#include "engine/base/assert.hpp"

namespace spate {

TimerWheel::TimerWheel(Time start, Duration tick) : start_(start), tick_(tick) {
    SPATE_ASSERT(tick > Duration::zero());
    heads_.fill(none);
}

std::uint64_t TimerWheel::tick_of(Time time) const {
    if (time <= start_) return 0;
    return static_cast<std::uint64_t>((time - start_) / tick_);
}

void TimerWheel::link(std::uint32_t key, std::uint64_t tick) {
    const std::size_t slot = tick % slot_count;
    const std::uint32_t next = heads_[slot];
    entries_[key] = {.tick = tick, .next = next, .previous = none};
    if (next != none) entries_[next].previous = key;
    heads_[slot] = key;
    occupied_[slot / 64] |= std::uint64_t{1} << slot % 64;
    ++scheduled_count_;
}

void TimerWheel::unlink(std::uint32_t key) {
    const Entry entry = entries_[key];
    const std::size_t slot = entry.tick % slot_count;
    if (entry.next != none) entries_[entry.next].previous = entry.previous;
    (entry.previous != none ? entries_[entry.previous].next : heads_[slot]) = entry.next;
    if (heads_[slot] == none) occupied_[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
    entries_[key].tick = unscheduled;
    --scheduled_count_;
}

void TimerWheel::schedule(std::uint32_t key, Time deadline) {
    if (key >= entries_.size()) entries_.resize(key + 1);
    // Rounded up, so that the key never fires early.
    const std::uint64_t tick = std::max(tick_of(deadline + tick_ - Duration(1)), current_);
    if (entries_[key].tick == tick) return;
    if (entries_[key].tick != unscheduled) unlink(key);
    link(key, tick);
}

void TimerWheel::cancel(std::uint32_t key) {
    if (key < entries_.size() && entries_[key].tick != unscheduled) unlink(key);
}

/// Slots from this one on to the first that has a list; slot_count when none has.
std::size_t TimerWheel::slots_to_occupied(std::size_t from) const {
    for (std::size_t passed = 0; passed < slot_count;) {
        const std::size_t slot = (from + passed) % slot_count;
        const std::uint64_t word = occupied_[slot / 64] >> slot % 64;
        if (word != 0)
            return std::min(passed + static_cast<std::size_t>(std::countr_zero(word)), slot_count);
        passed += 64 - slot % 64;
    }
    return slot_count;
}

std::optional<Time> TimerWheel::next_timeout() const {
    if (scheduled_count_ == 0) return std::nullopt;
    std::uint64_t tick = current_;
    for (; tick < current_ + slot_count; ++tick) {
        tick += slots_to_occupied(tick % slot_count);
        if (tick >= current_ + slot_count) break;
        // What a slot lists may be due in a later round only.
        for (std::uint32_t key = heads_[tick % slot_count]; key != none; key = entries_[key].next)
            if (entries_[key].tick == tick) return start_ + tick_ * static_cast<std::int64_t>(tick);
    }
    return start_ + tick_ * static_cast<std::int64_t>(current_ + slot_count);
}

std::optional<std::uint32_t> TimerWheel::pop_due(Time now) {
    const std::uint64_t now_tick = tick_of(now);
    for (; scheduled_count_ > 0 && current_ <= now_tick; ++current_) {
        for (std::uint32_t key = heads_[current_ % slot_count]; key != none;
             key = entries_[key].next) {
            if (entries_[key].tick > current_) continue;  // a later round of the wheel
            unlink(key);
            return key;
        }
        if (current_ == now_tick) return std::nullopt;  // this tick may be scheduled into again
    }
    if (scheduled_count_ == 0) current_ = std::max(current_, now_tick);
    return std::nullopt;
}

}  // namespace spate
