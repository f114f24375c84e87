#include "engine/session/rate_waiters.hpp"

#include <algorithm>

namespace spate::session {

void RateWaiters::add(const TokenBucket& limit, ConnectionId id, Time last_served) {
    std::vector<Waiter>& waiting = waiting_[&limit];
    if (waiting.empty()) due_.push({limit.next_available(), next_number_++, &limit});
    waiting.emplace_back(last_served, id);
}

std::optional<Time> RateWaiters::next_timeout() const {
    if (due_.empty()) return std::nullopt;
    return due_.top().at;
}

std::vector<ConnectionId> RateWaiters::take_ready(Time now) {
    std::vector<ConnectionId> ready;
    while (!due_.empty() && due_.top().at <= now) {
        const Due due = due_.top();
        due_.pop();
        if (!due.limit->available(now)) {  // others were quicker
            due_.push({due.limit->next_available(), next_number_++, due.limit});
            continue;
        }
        const auto waiting = waiting_.find(due.limit);
        std::ranges::stable_sort(waiting->second, {}, &Waiter::first);
        for (const auto& [last_served, id] : waiting->second) ready.push_back(id);
        waiting_.erase(waiting);
    }
    return ready;
}

}  // namespace spate::session
