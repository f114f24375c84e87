#include "engine/swarm/smart_ban.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"

namespace spate::swarm {

void SmartBan::on_failed(PieceIndex piece, Attempt attempt) {
    if (!failed_.contains(piece) && failed_.size() == pieces_max) failed_.erase(failed_.begin());
    std::vector<Attempt>& attempts = failed_[piece];
    if (attempts.size() == attempts_max) attempts.erase(attempts.begin());
    attempts.push_back(std::move(attempt));
}

std::vector<SmartBan::Source> SmartBan::on_verified(PieceIndex piece,
                                                    std::span<const std::uint64_t> digests) {
    const auto found = failed_.extract(piece);
    std::vector<Source> liars;
    if (found.empty()) return liars;
    for (const Attempt& attempt : found.mapped()) {
        SPATE_ASSERT(attempt.blocks.size() == digests.size());
        for (std::size_t i = 0; i < digests.size(); ++i) {
            const Block& block = attempt.blocks[i];
            if (block.contested || block.digest == digests[i]) continue;
            const Source& liar = attempt.sources[block.source];
            if (std::ranges::find(liars, liar) == liars.end()) liars.push_back(liar);
        }
    }
    return liars;
}

}  // namespace spate::swarm
