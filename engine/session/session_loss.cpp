// Pieces that the files don't hold any more, and writes that fail for a while.
#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/bytes.hpp"
#include "engine/session/session.hpp"
#include "engine/wire/message.hpp"

namespace spate::session {
namespace {

/// A peer that would have to be told of more is closed instead, and learns it from the next
/// bitfield.
constexpr std::size_t dont_haves_max = 16'384;

}  // namespace

// --- Pieces that are lost, and found again

std::size_t Session::doubt_pieces(TorrentId id, const std::vector<PieceIndex>& pieces, Time now) {
    Torrent* const torrent = this->torrent(id);
    if (torrent == nullptr || torrent->halted) return 0;
    SharedTorrent& shared = torrent->shared;
    std::vector<PieceIndex> lost;
    for (const PieceIndex piece : pieces) {
        if (!shared.pieces.doubt(piece)) continue;
        shared.counters.stored.fetch_sub(shared.metainfo->piece_size_bytes(piece),
                                         std::memory_order_relaxed);
        lost.push_back(piece);
    }
    if (!lost.empty()) tell_others(PiecesChanged{id, lost});
    // All: of some another core's letter may still be on its way.
    look_at_pieces(*torrent, pieces, now);
    return lost.size();
}

void Session::settle_pieces(TorrentId id, const PiecesChecked& checked, Time now) {
    Torrent* const torrent = this->torrent(id);
    if (torrent == nullptr || torrent->halted) return;
    SharedTorrent& shared = torrent->shared;
    using Verdict = swarm::PieceTable::Verdict;
    std::vector<PieceIndex> changed;
    for (const PieceIndex piece : checked.good) {
        if (!shared.pieces.settle(piece, Verdict::stored)) continue;
        shared.counters.stored.fetch_add(shared.metainfo->piece_size_bytes(piece),
                                         std::memory_order_relaxed);
        changed.push_back(piece);
    }
    const Verdict otherwise = shared.downloads ? Verdict::missing : Verdict::skipped;
    for (const PieceIndex piece : checked.bad)
        if (shared.pieces.settle(piece, otherwise)) changed.push_back(piece);
    if (changed.empty()) return;
    torrent->complete_told = false;
    tell_others(PiecesChanged{id, changed});
    look_at_pieces(*torrent, changed, now);
}

/// Several cores may change a piece, and their letters overtake one another; after each change
/// follows a look, so that the last one sees what holds.
void Session::look_at_pieces(Torrent& torrent, const std::vector<PieceIndex>& pieces, Time now) {
    if (torrent.halted) return;
    const swarm::PieceTable& table = torrent.shared.pieces;
    std::vector<PieceIndex> lost;
    for (const PieceIndex piece : pieces) {
        if (table.stored(piece)) {
            on_stored_elsewhere(torrent, piece);
            learn_stored(torrent, piece, now);
            continue;
        }
        if (torrent.known_stored.test(piece.value)) lost.push_back(piece);
        if (table.wanted(piece)) want_again(torrent, piece, now);
    }
    unlearn_stored(torrent, lost, now);
    look_for_work(torrent, now);
    if (torrent.complete() && !torrent.complete_told) on_complete(torrent, now);
}

/// What peers are asked for may be something else now.
void Session::look_for_work(Torrent& torrent, Time now) {
    const std::vector<Connection*> peers = torrent.peers;
    for (Connection* const peer : peers) {
        update_interest(*peer);
        fill_requests(*peer, now);
        watch(*peer, now);
        note_wait(*peer);
    }
}

void Session::want_again(Torrent& torrent, PieceIndex piece, Time now) {
    if (!torrent.picker) {
        torrent.make_picker();
        set_preferences(torrent, now);
    }
    torrent.complete_told = false;
    if (!torrent.wanted.set(piece.value)) return;
    for (Connection* const peer : torrent.peers)
        if (peer->has.test(piece.value)) ++peer->interesting;
}

void Session::unlearn_stored(Torrent& torrent, const std::vector<PieceIndex>& lost, Time now) {
    if (lost.empty()) return;
    torrent.complete_told = false;
    const bool told_few = torrent.super_seeding != nullptr;
    std::vector<PieceIndex> told;  // the others were about to be
    for (const PieceIndex piece : lost) {
        torrent.known_stored.reset(piece.value);
        if (std::erase(torrent.unannounced, piece) == 0) told.push_back(piece);
    }
    const std::vector<Connection*> peers = torrent.peers;
    for (Connection* const peer : peers) {
        if (told_few)
            close(*peer, DropReason::pieces_lost, now);
        else
            tell_lost(*peer, told, now);
    }
    torrent.super_seeding.reset();
}

void Session::tell_lost(Connection& connection, const std::vector<PieceIndex>& lost, Time now) {
    connection.uploads.erase_if([&](const Upload& upload) {
        if (is_offered(*connection.torrent, upload.block.piece)) return false;
        if (connection.fast) wire::append_reject(connection.control, upload.block);
        return true;
    });
    request_transmit(connection);
    const auto lacks = [&](PieceIndex piece) { return !connection.has.test(piece.value); };
    const auto count = static_cast<std::size_t>(std::ranges::count_if(lost, lacks));
    if (count == 0) return;
    if (connection.dont_have_id == 0 || count > dont_haves_max)
        return close(connection, DropReason::pieces_lost, now);
    for (const PieceIndex piece : lost) {
        if (!lacks(piece)) continue;
        std::array<std::byte, sizeof(std::uint32_t)> body{};
        store_be(body.data(), piece.value);
        wire::append_extended(connection.control, connection.dont_have_id, body);
    }
}

// --- A disk that doesn't take what is written

void Session::pause_download(TorrentId id, std::string reason, Time now) {
    Torrent& torrent = *torrents_[id.value];
    if (torrent.shared.failing_writers.fetch_add(1) == 0)
        put(DownloadPaused{id, std::move(reason)});
    tell_others(PauseChanged{id});
    follow_pause(torrent, now);
}

void Session::resume_download(TorrentId id, Time now) {
    Torrent& torrent = *torrents_[id.value];
    if (torrent.shared.failing_writers.fetch_sub(1) == 1 && !torrent.halted)
        put(DownloadResumed{id});
    tell_others(PauseChanged{id});
    follow_pause(torrent, now);
}

void Session::follow_pause(Torrent& torrent, Time now) {
    const bool paused = torrent.shared.failing_writers.load() > 0;
    if (torrent.halted || std::exchange(torrent.paused, paused) == paused) return;
    if (paused) {
        for (Connection* const peer : torrent.peers) cancel_requests(*peer);
        abandon_all(torrent);
    }
    look_for_work(torrent, now);
}

void Session::cancel_requests(Connection& connection) {
    const bool may_still_write = !connection.pinned.empty();
    for (const BlockRef block : connection.window.take_all()) {
        connection.wire.forget_block(block);
        connection.torrent->picker->on_request_gone(block, connection.id, may_still_write);
        wire::append_cancel(connection.control, block);
        request_transmit(connection);
    }
    if (may_still_write) put(CancelReceive{connection.id});
    connection.discarded_blocks = 0;  // what comes late is of our making
}

}  // namespace spate::session
