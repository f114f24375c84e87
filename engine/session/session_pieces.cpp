// A piece from its last block to the HAVE.
#include <algorithm>
#include <utility>
#include <vector>

#include "engine/base/assert.hpp"
#include "engine/base/siphash.hpp"
#include "engine/session/session.hpp"
#include "engine/wire/message.hpp"

namespace spate::session {
namespace {

/// Stored pieces are announced together, at most so long after the first of them.
constexpr Duration have_batch_delay = 50ms;

using PieceStage = swarm::PartialPiece::Stage;

}  // namespace

void Session::verify_if_unpinned(Torrent& torrent, swarm::PartialPiece& partial) {
    SPATE_ASSERT(partial.all_received());
    const bool waited = partial.stage == PieceStage::waiting;
    if (buffers_.pinned(partial.buffer())) {
        if (waited) return;
        partial.stage = PieceStage::waiting;
        ++pieces_waiting_;
        return cut_receives_short(torrent, partial.buffer());
    }
    if (waited) --pieces_waiting_;
    partial.stage = PieceStage::verifying;
    put(HashPiece{torrent.shared.id, partial.piece(), partial.buffer(), partial.size_bytes()});
}

void Session::handle_piece_hashed(TorrentId id, PieceIndex piece, bool matches, Time now) {
    Torrent& torrent = *torrents_[id.value];
    swarm::PartialPiece& partial = *torrent.picker->find(piece);
    // A piece that is being hashed or written is neither abandoned nor given up before the answer.
    SPATE_ASSERT(partial.stage == PieceStage::verifying);
    if (torrent.halted) return drop_partial(torrent, piece);
    if (!matches) return on_false_piece(torrent, partial, now);
    if (torrent.smart_ban.remembers(piece))
        for (const auto& liar : torrent.smart_ban.on_verified(piece, block_digests(partial)))
            convict(torrent, liar, now);
    partial.stage = PieceStage::writing;
    put(WritePiece{id, piece, partial.buffer(), partial.size_bytes()});
}

void Session::handle_piece_written(TorrentId id, PieceIndex piece, Time now) {
    Torrent& torrent = *torrents_[id.value];
    SPATE_ASSERT(torrent.picker->find(piece)->stage == PieceStage::writing);
    const std::uint32_t size = torrent.picker->find(piece)->size_bytes();
    if (torrent.halted) return drop_partial(torrent, piece);
    const bool first = torrent.shared.pieces.store(piece);
    drop_partial(torrent, piece);
    feed_starved(now);
    if (!first) {
        torrent.shared.counters.wasted.fetch_add(size, std::memory_order_relaxed);
        return;
    }
    torrent.shared.counters.stored.fetch_add(size, std::memory_order_relaxed);
    tell_others(PiecesStored{id, {piece}});
    learn_stored(torrent, piece, now);
}

void Session::handle_piece_unwritten(TorrentId id, PieceIndex piece, Time now) {
    Torrent& torrent = *torrents_[id.value];
    SPATE_ASSERT(torrent.picker->find(piece)->stage == PieceStage::writing);
    drop_partial(torrent, piece);
    if (torrent.halted) return;
    feed_starved(now);
    feed_hungry(torrent, now);
}

void Session::drop_partial(Torrent& torrent, PieceIndex piece) {
    torrent.smart_ban.forget(piece);
    torrent.picker->drop(piece);
}

void Session::abandon(Torrent& torrent, swarm::PartialPiece& partial) {
    if (!buffers_.pinned(partial.buffer())) return drop_partial(torrent, partial.piece());
    // Receives in flight may still write to the buffer; it is given back when they have ended.
    if (partial.stage != PieceStage::waiting) ++pieces_waiting_;
    partial.stage = PieceStage::abandoned;
    cut_receives_short(torrent, partial.buffer());
}

void Session::cut_receives_short(Torrent& torrent, BufferId buffer) {
    for (Connection* const peer : torrent.peers)
        if (std::ranges::find(peer->pinned, buffer) != peer->pinned.end()) cancel_receive(*peer);
}

void Session::abandon_all(Torrent& torrent) {
    if (!torrent.picker) return;
    std::vector<PieceIndex> receiving;
    for (const auto& [piece, partial] : torrent.picker->partials())
        if (partial->stage == PieceStage::receiving) receiving.push_back(piece);
    for (const PieceIndex piece : receiving) abandon(torrent, *torrent.picker->find(piece));
}

void Session::settle_waiting(Torrent& torrent) {
    if (!torrent.picker) return;
    std::vector<PieceIndex> abandoned;
    for (const auto& [piece, partial] : torrent.picker->partials()) {
        if (buffers_.pinned(partial->buffer())) continue;
        if (partial->stage == PieceStage::waiting) verify_if_unpinned(torrent, *partial);
        if (partial->stage == PieceStage::abandoned) abandoned.push_back(piece);
    }
    for (const PieceIndex piece : abandoned) {
        --pieces_waiting_;
        drop_partial(torrent, piece);
    }
}

void Session::learn_stored(Torrent& torrent, PieceIndex piece, Time now) {
    if (!torrent.known_stored.set(piece.value)) return;
    torrent.unannounced.push_back(piece);
    if (torrent.playback) torrent.playback->on_stored(piece, torrent.shared.pieces, now);
    if (!torrent.haves_due) {
        torrent.haves_due = now + have_batch_delay;
        schedule(torrent, now);
    }
    if (torrent.wanted.reset(piece.value))
        for (Connection* const peer : torrent.peers)
            if (peer->has.test(piece.value)) --peer->interesting;
    if (torrent.complete() && !torrent.complete_told) on_complete(torrent, now);
}

void Session::on_stored_elsewhere(Torrent& torrent, PieceIndex piece) {
    if (!torrent.picker) return;
    swarm::PartialPiece* const partial = torrent.picker->find(piece);
    if (partial == nullptr || partial->stage != PieceStage::receiving) return;
    // A second claim of the endgame: another core was faster.
    for (std::uint32_t i = 0; i < partial->block_count(); ++i) {
        const BlockRef block = partial->block(i);
        for (Connection* const peer : torrent.peers) {
            if (!peer->window.forget(block)) continue;
            peer->wire.forget_block(block);
            torrent.picker->on_request_gone(block, peer->id);
            wire::append_cancel(peer->control, block);
            ++peer->cancelled_blocks;
            request_transmit(*peer);
        }
    }
    abandon(torrent, *partial);
}

void Session::send_haves(Torrent& torrent, Time now) {
    torrent.haves_due.reset();
    for (Connection* const peer : torrent.peers) {
        const std::size_t before = peer->control.size();
        // Those that have the piece are told too: a super-seed goes by it (BEP 16).
        if (!peer->has.all())
            for (const PieceIndex piece : torrent.unannounced)
                wire::append_have(peer->control, piece);
        update_interest(*peer);
        if (peer->control.size() != before) request_transmit(*peer);
    }
    torrent.unannounced.clear();
    const std::vector<Connection*> peers = torrent.peers;
    if (torrent.complete())
        for (Connection* const peer : peers) {
            tell_upload_only(*peer);
            close_if_both_complete(*peer, now);
        }
}

void Session::on_complete(Torrent& torrent, Time now) {
    torrent.complete_told = true;
    torrent.haves_due = now;
    if (torrent.playback) follow_playback(torrent, now);
    schedule(torrent, now);
    for (Connection* const peer : torrent.peers) give_up_requests(*peer);
    if (!torrent.is_at_home()) return;
    if (!std::exchange(torrent.completion_announced, true)) torrent.trackers->completed(now);
    put(TorrentComplete{torrent.shared.id});
    run_home(torrent, now);
}

// --- False pieces

std::vector<std::uint64_t> Session::block_digests(const swarm::PartialPiece& partial) const {
    const MutableBytes content = buffers_.table().at(partial.buffer());
    std::vector<std::uint64_t> digests(partial.block_count());
    for (std::uint32_t i = 0; i < partial.block_count(); ++i) {
        const BlockRef block = partial.block(i);
        digests[i] =
            siphash(secrets_.digest_key, Bytes(content).subspan(block.offset, block.length));
    }
    return digests;
}

swarm::SmartBan::Attempt Session::describe_attempt(const Torrent& torrent,
                                                   const swarm::PartialPiece& partial) const {
    swarm::SmartBan::Attempt attempt;
    const auto digests = block_digests(partial);
    for (std::uint32_t i = 0; i < partial.block_count(); ++i) {
        const ConnectionId id = partial.sources()[i];
        auto& sources = attempt.sources;
        auto found = std::ranges::find(sources, id, &swarm::SmartBan::Source::connection);
        const auto source = static_cast<std::uint32_t>(found - sources.begin());
        bool contested = partial.contested(i);
        if (found == sources.end()) {
            const auto known = torrent.identify(id);
            contested |= !known;
            sources.push_back(known.value_or(swarm::SmartBan::Source{id, {}, {}}));
        }
        attempt.blocks.push_back({digests[i], source, contested});
    }
    return attempt;
}

void Session::stop_sharing(const swarm::PartialPiece& partial) {
    const auto stop = [&](ConnectionId id) {
        if (Connection* const peer = find_open(id)) peer->picking.shares_blocks = false;
    };
    for (std::uint32_t i = 0; i < partial.block_count(); ++i)
        if (partial.contested(i)) stop(partial.sources()[i]);
    for (const auto& sharer : partial.sharers()) stop(sharer.peer);
}

void Session::on_false_piece(Torrent& torrent, swarm::PartialPiece& partial, Time now) {
    torrent.shared.counters.wasted.fetch_add(partial.size_bytes(), std::memory_order_relaxed);
    stop_sharing(partial);
    auto attempt = describe_attempt(torrent, partial);
    const bool certain = attempt.sources.size() == 1 &&
                         std::ranges::none_of(attempt.blocks, &swarm::SmartBan::Block::contested);
    const PieceIndex piece = partial.piece();
    if (!certain) torrent.smart_ban.on_failed(piece, attempt);
    if (torrent.smart_ban.remembers(piece)) {
        torrent.picker->retry(piece);
    } else {
        drop_partial(torrent, piece);
    }
    if (certain) convict(torrent, attempt.sources.front(), now);
    feed_hungry(torrent, now);
}

void Session::convict(Torrent& torrent, const swarm::SmartBan::Source& liar, Time now) {
    Connection* const peer = find_open(liar.connection, torrent);
    // In time another peer's connection has the same id.
    const bool is_here =
        peer != nullptr && peer->stage == Stage::established && peer->remote == liar.remote;
    if (is_here) return close(*peer, DropReason::false_data, now);
    tell_home(torrent, PeerConvicted{torrent.shared.id, liar.remote, liar.id}, now);
}

}  // namespace spate::session
