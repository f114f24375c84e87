#include "engine/sim/invariants.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/sim/sim_node.hpp"

namespace spate::sim {
namespace {

/// As session_serve.cpp has it.
constexpr std::size_t uploads_max = 4'096;

}  // namespace

void Invariants::check(SimNode& node, bool every_event) {
    ++events_;
    every_event_ = every_event;
    watched_.resize(node.torrent_count());
    for (std::size_t torrent = 0; torrent < watched_.size(); ++torrent)
        check_torrent(node, torrent);
    for (const auto& core : node.cores()) check_core(node, core->session());
}

void Invariants::check_torrent(SimNode& node, std::size_t torrent) {
    Watched& watched = watched_[torrent];
    const session::SharedTorrent& shared = node.shared(torrent);
    if (watched.counts.empty()) {
        watched.counts.resize(shared.pieces.size());
        watched.claims.resize(shared.pieces.size());
        watched.stored = Bitfield(shared.pieces.size());
    }
    count_peers(node, torrent, watched);
    check_availability(node, torrent, watched);
    check_pieces(node, torrent, watched);
}

// --- Availability

void Invariants::count(Watched& watched, const Counted& peer, std::uint32_t change) {
    if (peer.seed) {
        watched.seeds += change;
        return;
    }
    for (std::uint32_t piece = 0; piece < peer.has.size(); ++piece)
        if (peer.has.test(piece)) watched.counts[piece] += change;
}

void Invariants::replace(Watched& watched, std::size_t at, const Counted& now) {
    if (at < watched.peers.size()) {
        count(watched, watched.peers[at], ~0U);
        watched.peers[at] = now;
    } else {
        watched.peers.push_back(now);
    }
    count(watched, now, 1);
}

void Invariants::count_peers(SimNode& node, std::size_t torrent, Watched& watched) {
    std::size_t at = 0;
    std::uint32_t unchoked = 0;
    for (const auto& core : node.cores()) {
        const session::Torrent* const share =
            core->session().find_torrent(TorrentId(static_cast<std::uint32_t>(torrent)));
        if (share == nullptr) continue;
        for (const session::Connection* const peer : share->peers) {
            check_connection(node, *peer);
            unchoked += peer->we_choke ? 0 : 1;
            const bool same = at < watched.peers.size() &&
                              watched.peers[at].connection == peer->id &&
                              watched.peers[at].seed == peer->counted_as_seed &&
                              watched.peers[at].has == peer->has;
            if (!same)
                replace(watched, at,
                        {share->shared.home, peer->id, peer->has, peer->counted_as_seed});
            ++at;
        }
    }
    while (watched.peers.size() > at) {
        count(watched, watched.peers.back(), ~0U);
        watched.peers.pop_back();
    }
    // Decisions for other cores travel by mail, so that only a single core is always in step.
    const std::uint32_t slots = node.options().session.home.upload_slots;
    if (node.cores().size() == 1 && unchoked > swarm::Choker::unchoked_max(slots))
        node.report(fmt::format("{} peers are unchoked, but there are {} slots", unchoked, slots));
}

void Invariants::check_availability(SimNode& node, std::size_t torrent, const Watched& watched) {
    const swarm::Availability& availability = node.shared(torrent).availability;
    if (availability.seeds() != watched.seeds)
        node.report(
            fmt::format("{} seeds are connected, {} counted", watched.seeds, availability.seeds()));
    for (std::uint32_t piece = 0; piece < watched.counts.size(); ++piece)
        if (availability.count(PieceIndex(piece)) != watched.counts[piece])
            node.report(fmt::format("piece {} is offered by {} peers, {} counted", piece,
                                    watched.counts[piece], availability.count(PieceIndex(piece))));
}

// --- Pieces

void Invariants::check_pieces(SimNode& node, std::size_t torrent, Watched& watched) {
    const swarm::PieceTable& pieces = node.shared(torrent).pieces;
    const TorrentId id(static_cast<std::uint32_t>(torrent));
    const bool missing = pieces.missing_count() > 0;
    std::uint32_t missing_seen = 0;
    for (std::uint32_t i = 0; i < pieces.size(); ++i) {
        const PieceIndex piece(i);
        if (pieces.missing(piece)) ++missing_seen;
        const unsigned claims = pieces.claim_count(piece);
        if (every_event_ && claims > 1 && watched.claims[i] <= 1 && missing && watched.was_missing)
            node.report(fmt::format("piece {} is claimed twice outside the endgame", i));
        watched.claims[i] = claims;
        if (!pieces.stored(piece)) {
            if (watched.stored.test(i)) node.report(fmt::format("piece {} was stored before", i));
        } else if (watched.stored.set(i)) {
            const std::uint32_t size = node.shared(torrent).metainfo->piece_size_bytes(piece);
            if (!node.disk(id).intact({piece, 0, size}))
                node.report(fmt::format("piece {} is stored, but not on the disk", i));
        }
    }
    watched.was_missing = missing;
    if (missing_seen != pieces.missing_count())
        node.report(
            fmt::format("{} pieces are missing, {} counted", missing_seen, pieces.missing_count()));
    if (watched.stored.count() != pieces.stored_count())
        node.report(fmt::format("{} pieces are stored, {} counted", watched.stored.count(),
                                pieces.stored_count()));
}

void Invariants::check_send(SimNode& node, const session::SendPlan& plan) {
    for (std::size_t i = 0; i < plan.block_count; ++i) {
        const BlockRef block = plan.blocks[i];
        if (!node.shared(plan.torrent.value).pieces.stored(block.piece))
            node.report(fmt::format("piece {} is served, but not stored", block.piece.value));
        else if (!node.disk(plan.torrent).intact(block))
            node.report(fmt::format("piece {} is served, and false", block.piece.value));
    }
}

// --- Connections and cores

void Invariants::check_connection(SimNode& node, const session::Connection& connection) {
    const std::size_t outstanding = connection.window.outstanding();
    if (outstanding > swarm::RequestWindow::Limits{}.depth_max)
        node.report(fmt::format("{} requests are outstanding", outstanding));
    if (outstanding != connection.wire.expected_count())
        node.report(fmt::format("{} blocks are asked of a peer, {} expected", outstanding,
                                connection.wire.expected_count()));
    if (connection.uploads.size() > uploads_max)
        node.report(fmt::format("{} requests of a peer wait", connection.uploads.size()));
    if (connection.stage != session::Connection::Stage::established)
        node.report("a torrent lists a connection that isn't established");
}

void Invariants::check_core(SimNode& node, const session::Session& session) {
    const swarm::PieceBuffers& buffers = session.buffers();
    const session::SessionOptions& options = node.options().session;
    if (session.connection_count() > options.connections_max)
        node.report(fmt::format("{} connections are open", session.connection_count()));
    if (buffers.allocated_bytes() > options.buffer_budget_bytes && buffers.in_use() > 1)
        node.report(fmt::format("{} bytes of buffers are allocated", buffers.allocated_bytes()));
    std::size_t partials = 0;
    for (std::uint32_t id = 0; id < node.torrent_count(); ++id)
        if (const session::Torrent* const torrent = session.find_torrent(TorrentId(id))) {
            partials += torrent->picker ? torrent->picker->partials().size() : 0;
            if (!every_event_ || events_ % thorough_every == 0) check_requests(node, *torrent);
        }
    if (partials != buffers.in_use())
        node.report(
            fmt::format("{} pieces are in the making with {} buffers", partials, buffers.in_use()));
}

void Invariants::check_requests(SimNode& node, const session::Torrent& torrent) {
    std::map<BlockRef, unsigned> asked;
    for (const session::Connection* const peer : torrent.peers) {
        for (const auto& pending : peer->window.pending()) ++asked[pending.block];
        std::uint32_t interesting = 0;
        for (std::uint32_t piece = 0; piece < peer->has.size(); ++piece)
            interesting += peer->has.test(piece) && torrent.wanted.test(piece) ? 1 : 0;
        if (interesting != peer->interesting)
            node.report(fmt::format("{} pieces of a peer are of interest, {} counted", interesting,
                                    peer->interesting));
    }
    if (!torrent.picker) return;
    for (const auto& [piece, partial] : torrent.picker->partials()) {
        if (partial->stage != swarm::PartialPiece::Stage::receiving) continue;
        for (std::uint32_t i = 0; i < partial->block_count(); ++i) {
            const auto found = asked.find(partial->block(i));
            const unsigned peers = found == asked.end() ? 0 : found->second;
            if (peers != partial->requests(i))
                node.report(fmt::format("block {}:{} is asked of {} peers, {} counted", piece.value,
                                        i, peers, partial->requests(i)));
        }
    }
}

}  // namespace spate::sim
