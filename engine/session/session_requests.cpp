// What we ask peers for, and what comes of it.
#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/base/probe.hpp"
#include "engine/session/session.hpp"
#include "engine/wire/message.hpp"

namespace spate::session {
namespace {

/// A peer that sends so many blocks that nobody ever asked for, or twice, is dropped.
constexpr std::uint32_t discarded_blocks_max = 2'000;
/// Peers that are offered freed blocks at once; others get their turn with their tick.
constexpr std::size_t hungry_fed_max = 32;

}  // namespace

/// What came is looked at while that which picking for the peer needs is on its way from memory.
void Session::fetch_ahead(const Connection& connection) const {
    if (connection.peer_chokes || !connection.we_are_interested) return;
    if (const auto& picker = connection.torrent->picker)
        picker->fetch_ahead(connection.has, connection.picking);
}

void Session::fill_requests(Connection& connection, Time now) {
    if (connection.stage != Stage::established || !connection.we_are_interested) return;
    Torrent& torrent = *connection.torrent;
    if (torrent.halted || torrent.complete() || torrent.paused) return;
    std::uint32_t count = connection.window.room();
    if (connection.stalled) count = connection.window.outstanding() == 0 ? 1 : 0;
    if (count == 0) return;
    picks_.clear();
    swarm::PickPeer peer{.id = connection.id,
                         .has = connection.has,
                         .window = connection.window,
                         .state = connection.picking,
                         .rate_bytes_per_s = connection.down.recent_bytes_per_s(now),
                         .gives = connection.down.total_bytes() > 0 && !connection.stalled,
                         .silent = connection.stalled};
    if (connection.peer_chokes) {
        if (connection.allowed_fast.empty()) return;
        peer.only = connection.allowed_fast;
    }
    torrent.picker->pick(peer, count, random_, now, picks_);
    for (const swarm::Picker::Pick& pick : picks_) {
        connection.window.on_request_sent(pick.block, now);
        connection.wire.expect_block(pick.block, pick.slot);
        wire::append_request(connection.control, pick.block);
        if (torrent.picker->requests(pick.block) > 1) share(torrent, connection, pick.block);
    }
    if (picks_.size() < count && !connection.hungry) {
        connection.hungry = true;
        torrent.hungry.push_back(connection.id);
    }
    if (!picks_.empty()) return request_transmit(connection);
    const bool no_buffer = torrent.shared.pieces.missing_count() > 0 && buffers_.exhausted();
    if (!no_buffer || connection.starved || connection.window.outstanding() > 0) return;
    connection.starved = true;
    starved_.push_back(connection.id);
}

void Session::share(Torrent& torrent, const Connection& newest, BlockRef block) {
    for (Connection* const peer : torrent.peers) {
        peer->wire.share_block(block);
        // What this receive puts into the block's slot may be anything, and must not come later
        // than the newest peer's answer.
        if (peer != &newest) cancel_receive(*peer);
    }
}

void Session::feed_starved(Time now) {
    // Whoever finds nothing goes to the end of the line, and what follows would find nothing too.
    while (!starved_.empty() && !buffers_.exhausted()) {
        Connection* const connection = find_open(starved_.front());
        starved_.pop_front();
        if (connection == nullptr) continue;
        connection->starved = false;
        fill_requests(*connection, now);
        note_wait(*connection);
    }
}

void Session::feed_hungry(Torrent& torrent, Time now) {
    const std::size_t count = std::min(torrent.hungry.size(), hungry_fed_max);
    for (std::size_t i = 0; i < count && torrent.picker->has_unrequested(); ++i) {
        const ConnectionId id = torrent.hungry.front();
        torrent.hungry.pop_front();
        Connection* const connection = find_open(id, torrent);
        if (connection == nullptr) continue;
        connection->hungry = false;
        if (connection->stalled) continue;  // it may be the very one that lost them
        fill_requests(*connection, now);
        note_wait(*connection);
    }
}

void Session::on_block(Connection& connection, BlockRef block, Time now) {
    Torrent& torrent = *connection.torrent;
    connection.down.add(block.length, now);
    // A CHOKE or REJECT before it in the same bytes has voided the request meanwhile.
    if (!connection.window.on_block(block, connection.down.recent_bytes_per_s(now), now))
        return on_block_discarded(connection, block, now);
    record(LatencyStage::block, connection.window.last_delay());
    SPATE_PROBE(block_received, connection.id.value, block.piece.value, block.offset,
                connection.window.last_delay().count());
    connection.last_block_at = now;
    connection.stalled = false;
    connection.picking.rejects.on_block(block.piece);
    torrent.shared.counters.downloaded.fetch_add(block.length, std::memory_order_relaxed);
    const auto received = torrent.picker->on_block(block, connection.id);
    if (received == swarm::Picker::Received::duplicate) {
        torrent.shared.counters.wasted.fetch_add(block.length, std::memory_order_relaxed);
        return;
    }
    if (torrent.picker->requests(block) > 0) cancel_elsewhere(torrent, connection, block);
    if (received == swarm::Picker::Received::completes_piece)
        verify_if_unpinned(torrent, *torrent.picker->find(block.piece));
}

void Session::on_block_discarded(Connection& connection, BlockRef block, Time now) {
    Torrent& torrent = *connection.torrent;
    torrent.shared.counters.downloaded.fetch_add(block.length, std::memory_order_relaxed);
    torrent.shared.counters.wasted.fetch_add(block.length, std::memory_order_relaxed);
    // What was cancelled may have been on its way.
    if (connection.cancelled_blocks > 0) {
        --connection.cancelled_blocks;
        return;
    }
    if (++connection.discarded_blocks > discarded_blocks_max)
        close(connection, DropReason::unrequested_data, now);
}

void Session::cancel_elsewhere(Torrent& torrent, const Connection& winner, BlockRef block) {
    for (Connection* const other : torrent.peers) {
        if (other == &winner || !other->window.forget(block)) continue;
        other->wire.forget_block(block);
        torrent.picker->on_request_gone(block, other->id);
        wire::append_cancel(other->control, block);
        ++other->cancelled_blocks;
        request_transmit(*other);
        cancel_receive(*other);
    }
}

void Session::on_reject(Connection& connection, BlockRef block, Time now) {
    if (!connection.window.forget(block)) return;
    connection.wire.forget_block(block);
    connection.torrent->picker->on_request_gone(block, connection.id);
    // Else it would be asked of the same peer again and again. A peer that chokes us rejects what
    // was under way, and means nothing by it.
    std::erase(connection.allowed_fast, block.piece);
    if (!connection.peer_chokes) connection.picking.rejects.on_reject(block.piece, now);
}

void Session::give_up_requests(Connection& connection) {
    // A receive that is in flight may still put something in their places.
    const bool may_still_write = !connection.pinned.empty();
    for (const BlockRef block : connection.window.take_all()) {
        connection.wire.forget_block(block);
        connection.torrent->picker->on_request_gone(block, connection.id, may_still_write);
        ++connection.cancelled_blocks;
    }
}

void Session::check_silence(Connection& connection, Time now) {
    const auto deadline = connection.window.deadline();
    if (!deadline || now < *deadline) return;
    connection.stalled = true;
    for (const auto& pending : connection.window.pending())
        wire::append_cancel(connection.control, pending.block);
    request_transmit(connection);
    give_up_requests(connection);
    // Its receive must not write to blocks that others fill now.
    cancel_receive(connection);
    // Others may be idle because this peer held the last blocks.
    feed_hungry(*connection.torrent, now);
}

}  // namespace spate::session
