#include "engine/swarm/picker.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/swarm/prefetch.hpp"

namespace spate::swarm {
namespace {

/// A peer counts as fast for a late piece when it would need a quarter of the time.
constexpr std::uint64_t steal_speed_factor = 4;
/// Late pieces that one call looks at.
constexpr int late_scan_max = 4;
/// Partial pieces kept for their memory.
constexpr std::size_t spare_max = 64;
/// Pieces that were wholly asked for and are settled since, before they are looked for.
constexpr std::size_t full_spare = 256;

/// So many pieces are looked at until the peer has one, mostly.
std::size_t likely_tests(const Bitfield& has) {
    return std::min(3 * has.size() / (has.count() + 1), BitPrefetcher::ahead_max) + 1;
}

bool receiving(const PartialPiece& partial) {
    return partial.stage == PartialPiece::Stage::receiving;
}

}  // namespace

void PeerPickState::suggest(PieceIndex piece) {
    if (std::ranges::find(suggested, piece) != suggested.end()) return;
    if (suggested.size() == suggested_max) suggested.erase(suggested.begin());
    suggested.push_back(piece);
}

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

void Picker::set_deadlines(std::span<const Deadlines::Due> dues, std::size_t in_order) {
    if (!deadlines_ && dues.empty()) return;
    if (!deadlines_) deadlines_ = std::make_unique<Deadlines>(pieces_.size());
    deadlines_->replace(dues, in_order);
}

bool Picker::may_ask(const Call& call, PieceIndex piece) {
    return piece.value < call.peer.has.size() && call.peer.has.test(piece.value) &&
           !call.peer.state.rejects.refuses(piece, call.now);
}

void Picker::pick(const PickPeer& peer, std::uint32_t count, Prng& random, Time now,
                  std::vector<Pick>& out) {
    fetch_ahead(peer.has, peer.state);
    order_.tend(pieces_, availability_, random, now);
    Call call{peer, out.size() + count, random, now, out, 0, out.size()};
    if (peer.state.rejects.rests(now)) return;
    if (!peer.only.empty()) {
        for (const PieceIndex piece : peer.only)
            if (call.left() > 0) (void)pick_piece(call, piece);
        return;
    }
    if (deadlines_) pick_urgent(call);
    pick_open(call);
    pick_new(call);
    if (pieces_.missing_count() != 0 || pieces_.complete()) {
        endgame_since_.reset();
        if (call.left() > 0) pick_late(call);
        return;
    }
    if (!endgame_since_) endgame_since_ = now;
    if (call.left() == 0 || now - *endgame_since_ < endgame_patience) return;
    pick_endgame(call);
    if (call.left() == 0) return;
    if (PartialPiece* const second = claim_of_another_core(call)) begin(call, *second);
}

/// Of the started pieces and then of those that come next: whoever has little will hardly have one
/// of the first.
void Picker::fetch_ahead(const Bitfield& has, const PeerPickState& state) const {
    const std::size_t tests = likely_tests(has);
    const std::size_t started = std::min({open_.size(), open_scan_max, tests});
    for (std::size_t i = 0; i < started; ++i) has.prefetch(open_[i].piece.value);
    if (tests > started) order_.prefetch(has, state.cursor, tests - started);
}

// --- Blocks

void Picker::take(Call& call, PartialPiece& partial, std::uint32_t index) {
    partial.on_requested(index, call.peer.id, !call.peer.state.shares_blocks);
    const BlockRef block = partial.block(index);
    call.out.push_back({block, {partial.buffer(), block.offset}});
}

void Picker::pick_from(Call& call, PartialPiece& partial) {
    if (!partial.open_to(call.peer.id)) return;
    while (call.left() > 0) {
        const auto index = partial.first_unrequested();
        if (!index) break;
        take(call, partial, *index);
    }
    note_all_requested(call, partial);
}

void Picker::note_all_requested(Call& call, PartialPiece& partial) {
    if (partial.has_unrequested()) return;
    partial.all_requested_at = call.now;
    full_.push_back({call.now, partial.piece()});
}

/// The first blocks of a piece that was claimed just now.
void Picker::begin(Call& call, PartialPiece& partial) {
    pick_from(call, partial);
    if (partial.has_unrequested()) open_.push_back({partial.piece(), &partial});
}

void Picker::share_blocks(Call& call, PartialPiece& partial, unsigned requests_max) {
    if (!receiving(partial) || !call.peer.state.shares_blocks || !may_ask(call, partial.piece()) ||
        !partial.open_to(call.peer.id))
        return;
    pending_.clear();
    for (const auto& pending : call.peer.window.pending())
        if (pending.block.piece == partial.piece()) pending_.push_back(pending.block);
    for (const Pick& pick : call.out)  // what this very call has picked
        if (pick.block.piece == partial.piece()) pending_.push_back(pick.block);
    for (std::uint32_t i = 0; i < partial.block_count() && call.left() > 0; ++i) {
        if (partial.received(i) || partial.requests(i) >= requests_max) continue;
        const bool asked = partial.requests(i) > 0;
        if (asked && (call.peer.silent || !partial.may_be_shared(i))) continue;
        if (std::ranges::find(pending_, partial.block(i)) == pending_.end()) take(call, partial, i);
    }
}

bool Picker::has_unrequested() const {
    return std::ranges::any_of(open_, [](const Open& open) {
        return receiving(*open.partial) && open.partial->has_unrequested() &&
               !open.partial->owned();
    });
}

// --- Which pieces

/// Goes on with the piece, or starts it. False when it can't be had.
bool Picker::pick_piece(Call& call, PieceIndex piece) {
    if (!may_ask(call, piece)) return false;
    if (PartialPiece* const partial = find(piece)) {
        if (receiving(*partial) && partial->has_unrequested()) pick_from(call, *partial);
        return true;
    }
    if (!pieces_.missing(piece) || !pieces_.claim(piece, core_)) return false;
    if (PartialPiece* const started = start(piece)) begin(call, *started);
    return true;
}

void Picker::pick_open(Call& call) {
    const std::size_t count = std::min(open_.size(), open_scan_max);
    const Deadlines* const urgent = deadlines_.get();  // those were picked before
    std::size_t kept = 0;
    std::size_t i = 0;
    BitPrefetcher bits(call.peer.has, 0, count);
    for (; i < count && call.left() > 0; ++i) {
        bits.before(i, [this](std::size_t next) { return open_[next].piece.value; });
        const Open open = open_[i];
        PartialPiece& partial = *open.partial;
        if (receiving(partial) && partial.has_unrequested()) {
            if (may_ask(call, open.piece) && (!urgent || !urgent->has(open.piece)))
                pick_from(call, partial);
            if (partial.has_unrequested()) open_[kept++] = open;
        }
    }
    if (kept != i)
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(kept),
                    open_.begin() + static_cast<std::ptrdiff_t>(i));
    if (call.left() > 0 && open_.size() > open_scan_max)
        std::ranges::rotate(open_, open_.begin() + static_cast<std::ptrdiff_t>(kept));
}

void Picker::pick_new(Call& call) {
    std::vector<PieceIndex>& suggested = call.peer.state.suggested;
    while (call.left() > 0 && !suggested.empty()) {
        const PieceIndex piece = suggested.back();
        suggested.pop_back();
        (void)pick_piece(call, piece);
    }
    // Without a buffer a claim would only be given up again.
    while (call.left() > 0 && !buffers_.exhausted()) {
        PartialPiece* claimed = claim_next(call);
        if (claimed == nullptr) claimed = claim_returned(call);
        if (claimed == nullptr) return;
        begin(call, *claimed);
    }
}

/// Nobody waits for the piece that was wholly asked for at that time.
bool Picker::is_settled(const Full& full) {
    const PartialPiece* const partial = find(full.second);
    return partial == nullptr || !receiving(*partial) || partial->has_unrequested() ||
           partial->all_requested_at != full.first;
}

void Picker::pick_late(Call& call) {
    for (int looks = 0; looks < late_scan_max && call.left() > 0 && !full_.empty(); ++looks) {
        const Full oldest = full_.front();
        if (!is_settled(oldest)) {
            if (call.now - oldest.first < steal_after) return;
            PartialPiece& partial = *find(oldest.second);
            const auto patience_s = static_cast<std::uint64_t>(steal_after / 1s);
            if (call.peer.rate_bytes_per_s * patience_s / steal_speed_factor < partial.size_bytes())
                return;
            share_blocks(call, partial, 2);
            partial.all_requested_at = call.now;  // until it is late again
            full_.push_back({call.now, partial.piece()});
        }
        full_.pop_front();
    }
}

void Picker::pick_endgame(Call& call) {
    for (auto& [piece, partial] : partials_) {
        if (call.left() == 0) return;
        share_blocks(call, *partial,
                     endgame_requests_max + (call.peer.gives ? endgame_givers_max : 0));
    }
}

// --- Claims

PartialPiece* Picker::start(PieceIndex piece) {
    const std::uint32_t size = size_of_(piece);
    const auto buffer = buffers_.acquire(size);
    if (!buffer) {
        pieces_.release(piece, core_);
        return nullptr;
    }
    if (spare_.empty()) {
        auto& partial = partials_[piece];
        partial = std::make_unique<PartialPiece>(piece, size, *buffer);
        return partial.get();
    }
    Partials::node_type node = std::move(spare_.back());
    spare_.pop_back();
    PartialPiece* const partial = node.mapped().get();
    node.key() = piece;
    partial->reset(piece, size, *buffer);
    partials_.insert(std::move(node));
    return partial;
}

PartialPiece* Picker::claim_next(Call& call) {
    PieceOrder::Cursor& cursor = call.peer.state.cursor;
    while (const auto piece = order_.first_missing(call.peer.has, cursor, pieces_, availability_,
                                                   call.random, call.now)) {
        if (call.peer.state.rejects.refuses(*piece, call.now) ||
            (deadlines_ && deadlines_->has(*piece))) {
            order_.skip(cursor);
        } else if (pieces_.claim(*piece, core_)) {
            return start(*piece);
        }
    }
    return nullptr;
}

PartialPiece* Picker::claim_returned(Call& call) {
    // The list after the next is begun later than they were given up.
    std::erase_if(returned_,
                  [&](const Returned& one) { return order_.generation() - one.second > 1; });
    for (const auto& [piece, generation] : returned_)
        if (pieces_.missing(piece) && may_ask(call, piece) && pieces_.claim(piece, core_))
            return start(piece);
    return nullptr;
}

PartialPiece* Picker::claim_of_another_core(const Call& call) {
    for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
        const PieceIndex piece(i);
        if (call.peer.has.test(i) && pieces_.claim_count(piece) == 1 &&
            !pieces_.claimed_by(piece, core_) &&
            !call.peer.state.rejects.refuses(piece, call.now) && pieces_.claim_again(piece, core_))
            return start(piece);
    }
    return nullptr;
}

// --- What became of requests and pieces

void Picker::open(PartialPiece& partial) {
    if (std::ranges::find(open_, &partial, &Open::partial) == open_.end())
        open_.insert(open_.begin(), {partial.piece(), &partial});
}

void Picker::on_request_gone(BlockRef block, ConnectionId peer, bool may_still_write) {
    PartialPiece* const partial = find(block.piece);
    if (partial == nullptr) return;
    // Sessions report only blocks of the request window, which pick() chose.
    const auto index = partial->index_of(block);
    SPATE_ASSERT(index);
    if (partial->requests(*index) == 0) return;  // of an earlier attempt at this piece
    partial->on_request_gone(*index, peer, may_still_write);
    if (partial->has_unrequested()) open(*partial);
}

Picker::Received Picker::on_block(BlockRef block, ConnectionId from) {
    PartialPiece* const partial = find(block.piece);
    if (partial == nullptr || !receiving(*partial)) return Received::duplicate;
    const auto index = partial->index_of(block);
    SPATE_ASSERT(index);
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
    std::erase_if(open_, [&](const Open& open) { return open.piece == piece; });
    pieces_.release(piece, core_);
    buffers_.release(found->second->buffer());
    Partials::node_type node = partials_.extract(found);
    if (spare_.size() < spare_max) spare_.push_back(std::move(node));
    if (pieces_.missing(piece) && returned_.size() < returned_max)
        returned_.emplace_back(piece, order_.generation());
    if (full_.size() > 2 * partials_.size() + full_spare)
        full_.erase_if([&](const Full& full) { return is_settled(full); });
}

void Picker::retry(PieceIndex piece) {
    PartialPiece* const partial = find(piece);
    SPATE_ASSERT(partial != nullptr && partial->stage == PartialPiece::Stage::verifying);
    partial->restart();
    open(*partial);
}

}  // namespace spate::swarm
