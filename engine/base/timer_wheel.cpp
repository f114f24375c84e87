#include "engine/base/timer_wheel.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"

namespace spate {

TimerWheel::TimerWheel(Time start, Duration tick) : start_(start), tick_(tick), slots_(slot_count) {
    SPATE_ASSERT(tick > Duration::zero());
}

std::uint64_t TimerWheel::tick_of(Time time) const {
    if (time <= start_) return 0;
    return static_cast<std::uint64_t>((time - start_) / tick_);
}

void TimerWheel::schedule(std::uint32_t key, Time deadline) {
    if (key >= due_.size()) due_.resize(key + 1, unscheduled);
    // Rounded up, so that the key never fires early.
    const std::uint64_t tick = std::max(tick_of(deadline + tick_ - Duration(1)), current_);
    if (due_[key] == tick) return;
    if (due_[key] == unscheduled) ++scheduled_count_;
    due_[key] = tick;
    slots_[tick % slot_count].push_back({key, tick});
}

void TimerWheel::cancel(std::uint32_t key) {
    if (key >= due_.size() || due_[key] == unscheduled) return;
    due_[key] = unscheduled;
    --scheduled_count_;
}

std::optional<Time> TimerWheel::next_timeout() const {
    if (scheduled_count_ == 0) return std::nullopt;
    for (std::uint64_t tick = current_; tick < current_ + slot_count; ++tick) {
        // Entries of a later round, or moved since, aren't due with their slot.
        const bool due = std::ranges::any_of(slots_[tick % slot_count], [&](const Entry& entry) {
            return entry.tick == tick && due_[entry.key] == tick;
        });
        if (due) return start_ + tick_ * static_cast<std::int64_t>(tick);
    }
    return start_ + tick_ * static_cast<std::int64_t>(current_ + slot_count);
}

std::optional<std::uint32_t> TimerWheel::pop_due(Time now) {
    const std::uint64_t now_tick = tick_of(now);
    for (; scheduled_count_ > 0 && current_ <= now_tick; ++current_) {
        auto& slot = slots_[current_ % slot_count];
        for (std::size_t i = 0; i < slot.size();) {
            const Entry entry = slot[i];
            if (due_[entry.key] == entry.tick && entry.tick > current_) {
                ++i;  // a later round of the wheel
                continue;
            }
            slot[i] = slot.back();
            slot.pop_back();
            if (due_[entry.key] != entry.tick) continue;  // moved or cancelled since
            cancel(entry.key);
            return entry.key;
        }
        if (current_ == now_tick) return std::nullopt;  // this tick may be scheduled into again
    }
    if (scheduled_count_ == 0) current_ = std::max(current_, now_tick);
    return std::nullopt;
}

}  // namespace spate
