#include "engine/swarm/piece_order.hpp"

#include <algorithm>

namespace spate::swarm {

void PieceOrder::rebuild(const PieceTable& pieces, const Availability& availability, Prng& random) {
    order_.clear();
    head_ = 0;
    for (std::uint32_t piece = 0; piece < pieces.size(); ++piece)
        if (pieces.missing(PieceIndex(piece))) order_.push_back(piece);
    random.shuffle(std::span(order_));
    if (pieces.stored_count() < random_first_pieces) return;
    // The counters change while we sort: take each once.
    std::vector<std::pair<std::uint16_t, std::uint32_t>> keyed;
    keyed.reserve(order_.size());
    for (const std::uint32_t piece : order_)
        keyed.emplace_back(availability.count(PieceIndex(piece)), piece);
    std::ranges::stable_sort(keyed, {}, &std::pair<std::uint16_t, std::uint32_t>::first);
    std::ranges::transform(keyed, order_.begin(), [](const auto& entry) { return entry.second; });
}

std::optional<PieceIndex> PieceOrder::first_missing(const Bitfield& peer_has,
                                                    const PieceTable& pieces,
                                                    const Availability& availability, Prng& random,
                                                    Time now) {
    if (pieces.missing_count() == 0) return std::nullopt;
    if (!built_at_ || now - *built_at_ >= staleness) {
        rebuild(pieces, availability, random);
        built_at_ = now;
    }
    while (head_ < order_.size() && !pieces.missing(PieceIndex(order_[head_]))) ++head_;
    for (std::size_t i = head_; i < order_.size(); ++i) {
        const PieceIndex piece(order_[i]);
        if (peer_has.test(piece.value) && pieces.missing(piece)) return piece;
    }
    return std::nullopt;
}

}  // namespace spate::swarm
