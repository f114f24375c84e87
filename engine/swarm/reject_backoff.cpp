#include "engine/swarm/reject_backoff.hpp"

#include <algorithm>

namespace spate::swarm {

Duration RejectBackoff::delay(std::uint32_t times) {
    Duration delay = delay_min;
    for (std::uint32_t i = 1; i < times && delay < delay_max; ++i) delay *= 2;
    return std::min(delay, delay_max);
}

void RejectBackoff::rest(Time now) {
    rests_until_ = now + delay(++rests_);
    streak_ = 0;
    refused_.clear();
}

void RejectBackoff::on_reject(PieceIndex piece, Time now) {
    // The rejects of requests that were under way when the rest began.
    if (rests(now)) return;
    if (++streak_ >= streak_max) return rest(now);
    auto found = std::ranges::find(refused_, piece, &Refused::piece);
    if (found == refused_.end()) {
        if (refused_.size() == pieces_max) {
            // Long past ones make room; when all are recent, the peer means everything.
            const auto oldest = std::ranges::min_element(refused_, {}, &Refused::until);
            if (oldest->until > now) return rest(now);
            refused_.erase(oldest);
        }
        refused_.push_back({.piece = piece, .until = now});
        found = refused_.end() - 1;
    }
    // Blocks of one piece are asked for, and rejected, together.
    if (found->times > 0 && now < found->until) return;
    found->until = now + delay(++found->times);
}

void RejectBackoff::on_block(PieceIndex piece) {
    streak_ = 0;
    rests_ = 0;
    if (!refused_.empty())
        std::erase_if(refused_, [&](const Refused& one) { return one.piece == piece; });
}

bool RejectBackoff::refuses(PieceIndex piece, Time now) const {
    const auto found = std::ranges::find(refused_, piece, &Refused::piece);
    return found != refused_.end() && now < found->until;
}

}  // namespace spate::swarm
