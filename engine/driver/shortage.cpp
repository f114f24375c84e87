#include "engine/driver/shortage.hpp"

#include <algorithm>

namespace spate::driver {

void Shortage::hold(Waiter waiter, const FileTrouble& trouble, Time now) {
    if (!std::exchange(under_way_, true)) {
        news_ = trouble.sentence;
        pause_ = {};
    }
    descriptors_wanted_ |= trouble.kind == Trouble::descriptors;
    failed_at_ = now;
    waiting_.push_back(waiter);
    if (try_at_) return;
    pause_ = std::clamp(2 * pause_, pause_min, pause_max);
    try_at_ = now + pause_;
}

std::vector<Shortage::Waiter> Shortage::take_due(Time now) {
    if (!try_at_ || now < *try_at_) return {};
    return take_all();
}

std::vector<Shortage::Waiter> Shortage::take_all() {
    try_at_.reset();
    return std::exchange(waiting_, {});
}

std::optional<Time> Shortage::next_timeout() const {
    if (try_at_) return try_at_;
    if (under_way_) return failed_at_ + quiet_min;
    return std::nullopt;
}

bool Shortage::take_end(Time now) {
    if (!under_way_ || !waiting_.empty() || now - failed_at_ < quiet_min) return false;
    under_way_ = false;
    return true;
}

}  // namespace spate::driver
