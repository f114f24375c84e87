#include "engine/swarm/request_window.hpp"

#include <algorithm>

namespace spate::swarm {
namespace {

/// Spare blocks beyond rate x delay: covers a scheduler's hiccup at either end (1 MiB).
constexpr std::uint32_t depth_spare = 64;
/// A slow peer's queue holds no more than this much time.
constexpr double queue_seconds_max = 3.0;
/// Requests are sent when this part of the window is free.
constexpr std::uint32_t refill_divisor = 4;

}  // namespace

void RequestWindow::set_depth_max(std::uint32_t depth_max) {
    limits_.depth_max = std::clamp(depth_max, 1U, limits_.depth_max);
    limits_.depth_min = std::min(limits_.depth_min, limits_.depth_max);
    depth_ = std::min(depth_, limits_.depth_max);
}

std::uint32_t RequestWindow::room() const {
    const auto outstanding = static_cast<std::uint32_t>(pending_.size());
    if (outstanding >= depth_) return 0;
    const std::uint32_t free = depth_ - outstanding;
    return free >= std::max(1U, depth_ / refill_divisor) ? free : 0;
}

void RequestWindow::on_request_sent(BlockRef block, Time now) {
    if (pending_.empty()) last_progress_ = now;
    pending_.push_back({block, now, pending_.empty()});
}

bool RequestWindow::on_block(BlockRef block, std::uint64_t rate_bytes_per_s, Time now) {
    const auto found = std::ranges::find(pending_, block, &Pending::block);
    if (found == pending_.end()) return false;
    last_delay_ = now - found->sent_at;
    if (found->sent_into_idle) {
        path_delay_ = path_delay_measured_ ? std::min(path_delay_, last_delay_) : last_delay_;
        path_delay_measured_ = true;
    }
    pending_.erase(found);
    last_progress_ = now;
    adapt_depth(rate_bytes_per_s);
    return true;
}

void RequestWindow::adapt_depth(std::uint64_t rate_bytes_per_s) {
    const double blocks_per_s = static_cast<double>(rate_bytes_per_s) / block_size_bytes;
    const double needed = 2 * blocks_per_s * to_seconds(path_delay_) + depth_spare;
    const double patient = std::max<double>(limits_.depth_min, blocks_per_s * queue_seconds_max);
    const auto target = static_cast<std::uint32_t>(
        std::clamp<double>(std::min(needed, patient), limits_.depth_min, limits_.depth_max));
    if (slow_start_ && depth_ < target) {
        ++depth_;  // one more for each block that comes: doubles every round trip
        return;
    }
    slow_start_ = false;
    // Followed slowly downwards: a pause of the peer must not empty the queue.
    depth_ = target >= depth_ ? std::min(depth_ + 1, target) : depth_ - 1;
    depth_ = std::clamp(depth_, limits_.depth_min, limits_.depth_max);
}

bool RequestWindow::forget(BlockRef block) {
    const auto found = std::ranges::find(pending_, block, &Pending::block);
    if (found == pending_.end()) return false;
    pending_.erase(found);
    return true;
}

std::optional<Time> RequestWindow::deadline() const {
    if (pending_.empty()) return std::nullopt;
    return last_progress_ + limits_.timeout;
}

std::vector<BlockRef> RequestWindow::take_all() {
    std::vector<BlockRef> blocks;
    for (const Pending& pending : pending_) blocks.push_back(pending.block);
    pending_.clear();
    slow_start_ = true;
    depth_ = std::min(depth_, limits_.depth_start);
    return blocks;
}

}  // namespace spate::swarm
