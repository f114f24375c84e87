#include "engine/swarm/playback.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"

namespace spate::swarm {

Playback::Playback(Options options, const PieceTable& pieces, const PieceSize& size_of, Time now)
    : options_(options), added_at_(now) {
    SPATE_ASSERT(options_.rate_bytes_per_s > 0);
    for (std::uint32_t i = 0; i < pieces.size(); ++i) {
        const PieceIndex piece(i);
        if (!pieces.stored(piece) && !pieces.wanted(piece)) continue;
        const std::uint32_t size = size_of(piece);
        parts_.push_back({piece, total_bytes_});
        total_bytes_ += size;
        longest_bytes_ = std::max<std::uint64_t>(longest_bytes_, size);
    }
    look(pieces, now);
}

Duration Playback::playing_time(std::uint64_t bytes) const {
    const double seconds =
        static_cast<double>(bytes) / static_cast<double>(options_.rate_bytes_per_s);
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

Time Playback::due_at(const Part& part, Time start) const {
    return start + playing_time(part.offset_bytes);
}

void Playback::look(const PieceTable& pieces, Time now) {
    while (head_ < parts_.size() && pieces.stored(parts_[head_].piece)) ++head_;
    if (started_at_) return;
    if (options_.starts_after) {
        if (now - added_at_ >= *options_.starts_after)
            started_at_ = added_at_ + *options_.starts_after;
        return;
    }
    const std::uint64_t there = head_ < parts_.size() ? parts_[head_].offset_bytes : total_bytes_;
    if (there == total_bytes_ || (head_ > 0 && playing_time(there) >= options_.start_up))
        started_at_ = now;
}

void Playback::on_stored(PieceIndex piece, const PieceTable& pieces, Time now) {
    look(pieces, now);
    if (!started_at_) return;
    const auto part = std::ranges::lower_bound(parts_, piece, {}, &Part::piece);
    if (part != parts_.end() && part->piece == piece && due_at(*part, *started_at_) < now) ++late_;
}

Playback::Urgent Playback::urgent(const PieceTable& pieces, Time now) const {
    Urgent urgent;
    const bool awaits_buffer = !started_at_ && !options_.starts_after;
    const Time start =
        started_at_.value_or(options_.starts_after ? added_at_ + *options_.starts_after : now);
    const Time until = now + urgent_window + playing_time(2 * longest_bytes_);
    for (std::size_t i = head_; i < parts_.size() && urgent.pieces.size() < urgent_max; ++i) {
        const Time due = due_at(parts_[i], start);
        if (due > until) break;
        if (pieces.stored(parts_[i].piece)) continue;
        urgent.pieces.emplace_back(due, parts_[i].piece);
        const bool waits = awaits_buffer ? due < start + options_.start_up
                                         : urgent.pieces.size() == 1 && due <= now + soon;
        if (waits) ++urgent.in_order;
    }
    return urgent;
}

std::uint32_t Playback::late_pieces(const PieceTable& pieces, Time now) const {
    std::uint32_t late = late_;
    if (!started_at_) return late;
    for (std::size_t i = head_; i < parts_.size() && due_at(parts_[i], *started_at_) < now; ++i)
        if (!pieces.stored(parts_[i].piece)) ++late;
    return late;
}

}  // namespace spate::swarm
