// Picking pieces that are to be there by a certain time.
#include <algorithm>

#include "engine/swarm/picker.hpp"

namespace spate::swarm {
namespace {

/// Urgent pieces that one call looks at for blocks that would be late: those that are due first.
constexpr int second_looks_max = 8;
/// Urgent pieces to choose the rarest of: those that are due first.
constexpr std::size_t choice_max = 128;

}  // namespace

/// When a further block would come from the peer.
Time Picker::arrival(const Call& call) const {
    const std::uint64_t picked = call.out.size() - call.picked_before;
    return call.now + Deadlines::delay(call.queued_bytes + picked * block_size_bytes,
                                       call.peer.rate_bytes_per_s);
}

/// A peer that alone has a piece is as soon as any.
bool Picker::is_left_to_sooner(const Call& call, const Deadlines::Entry& entry) const {
    return deadlines_->leaves_to_sooner(entry, call.peer.id, arrival(call), call.now) &&
           availability_.count(entry.piece) + availability_.seeds() > 1;
}

/// What the player waits for and what was begun, earliest first. Then the rarest of the others:
/// players who all ask for the same piece would have nothing to exchange.
void Picker::pick_urgent(Call& call) {
    call.queued_bytes = call.peer.window.outstanding() * std::uint64_t{block_size_bytes};
    deadlines_->note_speed(call.peer.id, arrival(call) - call.now, call.now);
    int looks = 0;
    choice_.clear();
    for (Deadlines::Entry& entry : deadlines_->entries()) {
        if (call.left() == 0) return;
        if (pieces_.stored(entry.piece) || !may_ask(call, entry.piece)) continue;
        if (pieces_.missing(entry.piece) && !entry.in_order) {
            if (choice_.size() < choice_max) choice_.push_back(&entry);
            continue;
        }
        pick_urgent_piece(call, entry);
        PartialPiece* const partial = find(entry.piece);
        if (partial == nullptr || call.left() == 0 || ++looks > second_looks_max) continue;
        ask_second(call, entry, *partial);
    }
    while (call.left() > 0 && !choice_.empty()) {
        const std::uint64_t any = call.random.below(choice_.size());
        std::ranges::rotate(choice_, choice_.begin() + static_cast<std::ptrdiff_t>(any));
        const auto rarest = std::ranges::min_element(
            choice_, {}, [&](const auto* entry) { return availability_.count(entry->piece); });
        pick_urgent_piece(call, **rarest);
        choice_.erase(rarest);
    }
}

/// Blocks that nobody was asked for, as long as they come in time or no sooner from others.
void Picker::pick_urgent_piece(Call& call, Deadlines::Entry& entry) {
    if (is_left_to_sooner(call, entry)) return;
    PartialPiece* partial = find(entry.piece);
    const bool is_new = partial == nullptr;
    if (is_new) {
        if (!pieces_.missing(entry.piece) || !pieces_.claim(entry.piece, core_)) return;
        partial = start(entry.piece);
        if (partial == nullptr) return;
    }
    if (partial->stage != PartialPiece::Stage::receiving || !partial->has_unrequested() ||
        !partial->open_to(call.peer.id))
        return;
    while (call.left() > 0 && !is_left_to_sooner(call, entry)) {
        const auto index = partial->first_unrequested();
        if (!index) break;
        deadlines_->note_asked(entry, *index, arrival(call));
        take(call, *partial, *index);
    }
    note_all_requested(call, *partial);
    if (is_new && partial->has_unrequested()) open_.push_back({entry.piece, partial});
}

/// Blocks that would be late from whoever was asked for them.
void Picker::ask_second(Call& call, Deadlines::Entry& entry, PartialPiece& partial) {
    if (partial.stage != PartialPiece::Stage::receiving || !call.peer.state.shares_blocks ||
        !partial.open_to(call.peer.id))
        return;
    for (std::uint32_t i = 0; i < partial.block_count() && call.left() > 0; ++i) {
        const bool asked_once = !partial.received(i) && partial.requests(i) == 1;
        if (!asked_once || !partial.may_be_shared(i) ||
            !deadlines_->wants_second(entry, i, arrival(call), call.now))
            continue;
        const BlockRef block = partial.block(i);
        const auto is_asked = [&](const auto& pending) { return pending.block == block; };
        if (std::ranges::any_of(call.peer.window.pending(), is_asked) ||
            std::ranges::any_of(call.out, is_asked))
            continue;
        deadlines_->note_second(entry, i, arrival(call));
        take(call, partial, i);
    }
}

}  // namespace spate::swarm
