#include "engine/swarm/picker.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"

namespace spate::swarm {
namespace {

bool names(const auto& requests, BlockRef block) {
    return std::ranges::any_of(requests,
                               [&](const auto& request) { return request.block == block; });
}

}  // namespace

Picker::Picker(CoreIndex core, PieceSize piece_size, PieceTable& pieces,
               const Availability& availability, PieceBuffers& buffers)
    : core_(core),
      size_of_(std::move(piece_size)),
      pieces_(pieces),
      availability_(availability),
      buffers_(buffers) {}

Picker::~Picker() {
    for (const auto& [piece, partial] : partials_) {
        pieces_.release(piece, core_);
        buffers_.release(partial->buffer());
    }
}

void Picker::pick(const Bitfield& peer_has, const RequestWindow& window, std::uint32_t count,
                  Prng& random, Time now, std::vector<Pick>& out) {
    const std::size_t wanted = out.size() + count;
    const auto left = [&] { return static_cast<std::uint32_t>(wanted - out.size()); };
    std::erase_if(open_, [](const PartialPiece* partial) {
        return partial->stage != PartialPiece::Stage::receiving || !partial->has_unrequested();
    });
    for (std::size_t i = 0; i < open_.size() && left() > 0; ++i)
        if (peer_has.test(open_[i]->piece().value)) pick_from(*open_[i], left(), out);
    while (left() > 0) {
        PartialPiece* const claimed = claim_rarest(peer_has, random, now);
        if (claimed == nullptr) break;
        pick_from(*claimed, left(), out);
    }
    if (pieces_.missing_count() != 0 || pieces_.complete()) {
        endgame_since_.reset();
        return;
    }
    if (!endgame_since_) endgame_since_ = now;
    if (left() == 0 || now - *endgame_since_ < endgame_patience) return;
    pick_endgame(peer_has, window, left(), out);
    if (left() == 0) return;
    if (PartialPiece* const second = claim_of_another_core(peer_has))
        pick_from(*second, left(), out);
}

void Picker::pick_from(PartialPiece& partial, std::uint32_t wanted, std::vector<Pick>& out) {
    for (; wanted > 0; --wanted) {
        const auto index = partial.first_unrequested();
        if (!index) return;
        partial.on_requested(*index);
        const BlockRef block = partial.block(*index);
        out.push_back({block, {partial.buffer(), block.offset}});
    }
}

PartialPiece* Picker::start(PieceIndex piece) {
    const std::uint32_t size = size_of_(piece);
    const auto buffer = buffers_.acquire(size);
    if (!buffer) {
        pieces_.release(piece, core_);
        return nullptr;
    }
    auto& partial = partials_[piece];
    partial = std::make_unique<PartialPiece>(piece, size, *buffer);
    open_.push_back(partial.get());
    return partial.get();
}

PartialPiece* Picker::claim_rarest(const Bitfield& peer_has, Prng& random, Time now) {
    while (const auto piece = order_.first_missing(peer_has, pieces_, availability_, random, now))
        if (pieces_.claim(*piece, core_)) return start(*piece);
    return nullptr;
}

PartialPiece* Picker::claim_of_another_core(const Bitfield& peer_has) {
    for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
        const PieceIndex piece(i);
        if (peer_has.test(i) && pieces_.claim_count(piece) == 1 &&
            !pieces_.claimed_by(piece, core_) && pieces_.claim_again(piece, core_))
            return start(piece);
    }
    return nullptr;
}

void Picker::pick_endgame(const Bitfield& peer_has, const RequestWindow& window,
                          std::uint32_t wanted, std::vector<Pick>& out) {
    // `out` holds what this very call has picked.
    const auto asked_of_this_peer = [&](BlockRef block) {
        return names(window.pending(), block) || names(out, block);
    };
    for (auto& [piece, partial] : partials_) {
        if (partial->stage != PartialPiece::Stage::receiving || !peer_has.test(piece.value))
            continue;
        for (std::uint32_t i = 0; i < partial->block_count() && wanted > 0; ++i) {
            if (partial->received(i) || partial->requests(i) >= endgame_requests_max) continue;
            const BlockRef block = partial->block(i);
            if (asked_of_this_peer(block)) continue;
            partial->on_requested(i);
            out.push_back({block, {partial->buffer(), block.offset}});
            --wanted;
        }
    }
}

void Picker::on_request_gone(BlockRef block) {
    PartialPiece* const partial = find(block.piece);
    if (partial == nullptr) return;
    const auto index = partial->index_of(block);
    SPATE_ASSERT(index);
    if (partial->requests(*index) == 0) return;  // of an earlier attempt at this piece
    partial->on_request_gone(*index);
    if (partial->has_unrequested() && std::ranges::find(open_, partial) == open_.end())
        open_.insert(open_.begin(), partial);
}

Picker::Received Picker::on_block(BlockRef block, ConnectionId from) {
    PartialPiece* const partial = find(block.piece);
    if (partial == nullptr || partial->stage != PartialPiece::Stage::receiving)
        return Received::duplicate;
    const auto index = partial->index_of(block);
    SPATE_ASSERT(index);
    if (partial->requests(*index) > 0) partial->on_request_gone(*index);
    if (!partial->on_received(*index, from)) return Received::duplicate;
    return partial->all_received() ? Received::completes_piece : Received::accepted;
}

unsigned Picker::requests(BlockRef block) const {
    const auto found = partials_.find(block.piece);
    if (found == partials_.end()) return 0;
    const auto index = found->second->index_of(block);
    return index ? found->second->requests(*index) : 0;
}

PartialPiece* Picker::find(PieceIndex piece) {
    const auto found = partials_.find(piece);
    return found == partials_.end() ? nullptr : found->second.get();
}

void Picker::drop(PieceIndex piece) {
    const auto found = partials_.find(piece);
    SPATE_ASSERT(found != partials_.end());
    std::erase(open_, found->second.get());
    pieces_.release(piece, core_);
    buffers_.release(found->second->buffer());
    partials_.erase(found);
}

}  // namespace spate::swarm
