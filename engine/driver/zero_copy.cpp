#include "engine/driver/zero_copy.hpp"

#include <algorithm>

namespace spate::driver {

ZeroCopyChooser::ZeroCopyChooser(ZeroCopy wish, bool possible, bool tells_copies)
    : wish_(possible && (tells_copies || wish == ZeroCopy::on) ? wish : ZeroCopy::off),
      uncopied_(wish_ == ZeroCopy::on) {}

void ZeroCopyChooser::rest(bool uncopied, Time now) {
    uncopied_ = uncopied;
    trying_ = false;
    review_at_ = now + review_interval;
}

void ZeroCopyChooser::on_notified(bool copied, Time now) {
    if (wish_ != ZeroCopy::automatic) return;
    copied_ = copied ? copied_ + 1 : 0;
    if (copied_ >= copied_max && uncopied_) rest(false, now);
}

void ZeroCopyChooser::on_refused(Time now) {
    wish_ = wish_ == ZeroCopy::on ? ZeroCopy::automatic : wish_;
    rest(false, now);
}

void ZeroCopyChooser::on_interval(std::uint64_t sent_bytes, Duration cpu, Time now) {
    if (wish_ != ZeroCopy::automatic || sent_bytes < interval_bytes_min) return;
    if (!trying_) {
        if (now < review_at_) return;
        trying_ = true;
        intervals_ = 0;
        uncopied_ = false;
        copied_ = 0;
        return;
    }
    costs_[intervals_ % 2][intervals_ / 2] = to_seconds(cpu) / static_cast<double>(sent_bytes);
    ++intervals_;
    uncopied_ = intervals_ % 2 == 1;
    if (intervals_ < 2 * trial_intervals) return;
    for (auto& costs : costs_) std::ranges::sort(costs);
    constexpr std::size_t median = trial_intervals / 2;
    rest(costs_[1][median] <= cost_ratio_max * costs_[0][median], now);
}

}  // namespace spate::driver
