#include "engine/swarm/super_seeding.hpp"

#include <algorithm>

namespace spate::swarm {

SuperSeeding::SuperSeeding(std::uint32_t piece_count, Prng& random) {
    for (std::uint32_t piece = 0; piece < piece_count; ++piece) order_.emplace_back(piece);
    random.shuffle(std::span(order_));
}

std::optional<PieceIndex> SuperSeeding::next_for(ConnectionId peer, const Bitfield& peer_has) {
    const auto now = current_.find(peer);
    for (std::size_t i = 0; i < order_.size(); ++i) {
        PieceIndex& piece = order_[(next_ + i) % order_.size()];
        if (peer_has.test(piece.value)) continue;
        if (now != current_.end() && now->second == piece) continue;
        const PieceIndex chosen = piece;
        // Those that were passed over stay next for others.
        std::swap(piece, order_[next_]);
        next_ = (next_ + 1) % order_.size();
        current_[peer] = chosen;
        return chosen;
    }
    return std::nullopt;
}

std::vector<ConnectionId> SuperSeeding::on_have(ConnectionId from, PieceIndex piece) {
    std::vector<ConnectionId> passed_on;
    for (const auto& [peer, told] : current_)
        if (told == piece && (peer != from || current_.size() == 1)) passed_on.push_back(peer);
    std::ranges::sort(passed_on);
    return passed_on;
}

}  // namespace spate::swarm
