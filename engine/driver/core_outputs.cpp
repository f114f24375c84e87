// What a core does for its session.
#include <utility>
#include <variant>

#include "engine/driver/core_thread.hpp"

namespace spate::driver {

/// Carries out one output each.
struct CoreThread::Executor {
    CoreThread& core;

    void operator()(const session::Transmit& order) const {
        if (ConnectionIo* const connection = core.find(order.connection)) connection->transmit();
    }
    void operator()(const session::Receive& order) const {
        if (ConnectionIo* const connection = core.find(order.connection))
            connection->start_receiving();
    }
    void operator()(const session::CancelReceive& order) const {
        if (ConnectionIo* const connection = core.find(order.connection))
            connection->cancel_receive();
    }
    void operator()(const session::Connect& order) const { core.connect(order); }
    void operator()(const session::Close& order) const {
        ConnectionIo* const connection = core.find(order.connection);
        if (connection != nullptr) return connection->close();
        core.session_->handle_closed(order.connection);  // its socket could not be made
    }
    void operator()(const session::HashPiece& order) const {
        if (!core.options_.verify_pieces)
            return core.session_->handle_piece_hashed(order.torrent, order.piece, true,
                                                      core.clock_.now());
        const auto& metainfo = *core.session_->find_torrent(order.torrent)->shared.metainfo;
        core.hashes_.add(order, digests_of(metainfo), core.clock_.now());
    }
    void operator()(const session::WritePiece& order) const {
        auto piece = std::make_unique<PieceWrite>(*core.context_, order, core.finished_writes_);
        PieceWrite* const key = piece.get();
        core.writes_[key] = std::move(piece);
        core.writing_bytes_ += order.size_bytes;
        core.waiting_writes_.push_back(key);
        core.start_writes();
    }
    void operator()(const session::Announce& order) const { core.announce(order); }
    void operator()(session::CheckMetadata& order) const { core.check_metadata(order); }
    void operator()(session::LayersReady& ready) const { core.finish_metadata(std::move(ready)); }
    void operator()(const session::TorrentComplete& told) const {
        core.tell_main(TorrentCompleted{told.torrent});
    }
    void operator()(session::TorrentFailed& told) const {
        core.tell_main(TorrentStopped{told.torrent, std::move(told.reason)});
    }
    void operator()(session::DownloadPaused& told) const {
        core.tell_main(TorrentPaused{told.torrent, std::move(told.reason)});
    }
    void operator()(const session::DownloadResumed& told) const {
        core.tell_main(TorrentResumed{told.torrent});
    }
    void operator()(session::TrackerWarning& told) const {
        core.tell_main(TrackerTrouble{told.torrent, std::move(told.url), std::move(told.sentence)});
    }
};

void CoreThread::pump() {
    while (auto output = session_->poll_output()) std::visit(Executor{*this}, *output);
}

ConnectionIo* CoreThread::find(ConnectionId id) {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.get();
}

void CoreThread::connect(const session::Connect& order) {
    auto socket = io::open_tcp(order.remote.address.family());
    if (!socket) return session_->handle_disconnected(order.connection, clock_.now());
    auto& connection = connections_[order.connection];
    connection = std::make_unique<ConnectionIo>(*context_, order.connection, std::move(*socket));
    connection->connect(order.remote);
}

void CoreThread::check_metadata(session::CheckMetadata& order) {
    const auto& torrent = *session_->find_torrent(order.torrent);
    const bool matches = metainfo::is_info_of(torrent.metainfo(), order.info_bytes);
    session_->handle_metadata_checked(order.torrent, matches, clock_.now());
    if (!matches) return;
    const auto missing = metainfo::missing_layers(order.info_bytes);
    if (missing && !missing->layers.empty())
        return session_->fetch_layers(order.torrent, std::move(order.info_bytes), *missing,
                                      clock_.now());
    finish_metadata({order.torrent, std::move(order.info_bytes), {}});
}

void CoreThread::finish_metadata(session::LayersReady ready) {
    tell_main(MetadataReady{ready.torrent, std::move(ready.info_bytes), std::move(ready.layers),
                            session_->known_peers(ready.torrent)});
    session_->retire_torrent(ready.torrent, clock_.now());
}

void CoreThread::announce(const session::Announce& order) {
    if (surroundings_.announce(options_.session.core, order)) return;
    session_->handle_announced(
        order.torrent, order.url,
        std::unexpected(tracker::TrackerFailure{tracker::TrackerFailureKind::timed_out,
                                                "too many announces wait", std::nullopt}),
        clock_.now());
}

}  // namespace spate::driver
