// From the call or the accepted socket to the close.
#include "engine/base/assert.hpp"
#include "engine/session/session.hpp"
#include "engine/wire/handshake.hpp"
#include "engine/wire/message.hpp"

namespace spate::session {
namespace {

/// From the connection to the handshake.
constexpr Duration handshake_timeout = 20s;

}  // namespace

std::optional<ConnectionId> Session::handle_accepted(const Endpoint& remote, Time now) {
    if (connections_.size() >= options_.connections_max) return std::nullopt;
    if (options_.loopback_only && !remote.address.is_loopback()) return std::nullopt;
    Connection& connection = connections_.create(remote, false, now);
    connection.stage = Stage::handshaking;
    connection_timers_.schedule(ConnectionTable::slot_of(connection.id), now + handshake_timeout);
    return connection.id;
}

void Session::call_peer(Torrent& torrent, const Endpoint& remote, Duration patience, Time now) {
    if (torrent.halted || (options_.loopback_only && !remote.address.is_loopback()))
        return tell_home(torrent, CallFailed{torrent.shared.id, remote}, now);
    // However many torrents call the dead, there is room for peers that call us.
    if (connections_.size() >= options_.connections_max || calling_ > options_.connections_max / 2)
        return tell_home(
            torrent, CallFailed{.torrent = torrent.shared.id, .remote = remote, .called = false},
            now);
    ++calling_;
    Connection& connection = connections_.create(remote, true, now);
    connection.torrent = &torrent;
    connection_timers_.schedule(ConnectionTable::slot_of(connection.id), now + patience);
    put(Connect{connection.id, remote});
}

void Session::handle_connected(ConnectionId id, Time now) {
    Connection* const connection = find_open(id);
    if (connection == nullptr || connection->stage != Stage::calling) return;
    --calling_;
    connection->stage = Stage::handshaking;
    connection->last_received_at = now;
    connection_timers_.schedule(ConnectionTable::slot_of(id), now + handshake_timeout);
    send_handshake(*connection, connection->torrent->metainfo().info_hash);
}

void Session::send_handshake(Connection& connection, const InfoHash& info_hash) {
    const auto bytes = wire::encode(
        {.info_hash = info_hash, .peer_id = options_.peer_id, .extensions = true, .fast = true});
    connection.control.insert(connection.control.end(), bytes.begin(), bytes.end());
    request_transmit(connection);
}

void Session::establish(Connection& connection, const wire::Handshake& theirs, Time now) {
    if (!connection.outgoing) {
        const auto found = by_info_hash_.find(theirs.info_hash);
        if (found == by_info_hash_.end() || found->second->halted)
            return close(connection, DropReason::unknown_torrent, now);
        send_handshake(connection, theirs.info_hash);
        // The calling end learns by this answer whom it called, hangs up, and calls no more.
        if (theirs.peer_id == options_.peer_id) return;
        connection.torrent = found->second;
    } else if (connection.torrent->halted) {
        return close(connection, DropReason::torrent_halted, now);
    } else if (theirs.info_hash != connection.torrent->metainfo().info_hash) {
        return close(connection, DropReason::unknown_torrent, now);
    }
    if (theirs.peer_id == options_.peer_id) return close(connection, DropReason::ourselves, now);
    Torrent& torrent = *connection.torrent;
    connection.stage = Stage::established;
    connection.peer_id = theirs.peer_id;
    connection.fast = theirs.fast;
    connection.extensions = theirs.extensions;
    connection.has = Bitfield(torrent.shared.pieces.size());
    if (!torrent.fetch)
        connection.wire.set_piece_count(torrent.shared.pieces.size(),
                                        torrent.metainfo().piece_length_bytes);
    torrent.attach(connection);
    ++connections_total_;
    greet(connection);
    connection.watched = true;
    look_again(connection, now + 1s);
    tell_home(torrent,
              PeerJoined{torrent.shared.id, key(connection), connection.remote, theirs.peer_id,
                         connection.outgoing},
              now);
    schedule(torrent, now);
}

void Session::greet(Connection& connection) {
    const Bitfield& have = connection.torrent->known_stored;
    if (connection.torrent->hides_pieces()) {
        if (connection.fast) wire::append_message(connection.control, wire::MessageId::have_none);
    } else if (connection.fast && have.all() && !connection.torrent->fetch) {
        wire::append_message(connection.control, wire::MessageId::have_all);
    } else if (connection.fast && have.none()) {
        wire::append_message(connection.control, wire::MessageId::have_none);
    } else if (!have.none()) {
        wire::append_bitfield(connection.control, have);
    }
    if (connection.extensions) send_extension_handshake(connection);
    request_transmit(connection);
}

void Session::handle_disconnected(ConnectionId id, Time now) {
    Connection* const connection = find_open(id);
    if (connection == nullptr) return;
    close(*connection,
          connection->stage == Stage::calling ? DropReason::call_failed : DropReason::remote_closed,
          now);
}

void Session::close(Connection& connection, DropReason reason, Time now) {
    if (connection.stage == Stage::closing) return;
    ++drop_counts_[static_cast<std::size_t>(reason)];
    if (connection.stage == Stage::calling) --calling_;
    if (connection.stage == Stage::established) {
        leave_torrent(connection, reason, now);
    } else if (connection.outgoing) {
        tell_home(*connection.torrent,
                  CallFailed{connection.torrent->shared.id, connection.remote,
                             reason == DropReason::ourselves},
                  now);
    }
    connection.stage = Stage::closing;
    note_wait(connection);
    connection_timers_.cancel(ConnectionTable::slot_of(connection.id));
    put(Close{connection.id, reason});
}

void Session::leave_torrent(Connection& connection, DropReason reason, Time now) {
    Torrent& torrent = *connection.torrent;
    give_up_requests(connection);
    connection.uploads.clear();
    if (torrent.fetch) torrent.fetch->on_left(connection.id);
    if (torrent.layer_fetch) torrent.layer_fetch->on_left(connection.id);
    if (torrent.super_seeding) torrent.super_seeding->on_left(connection.id);
    forget_pieces(connection);
    torrent.detach(connection);
    feed_hungry(torrent, now);
    const bool forget = reason == DropReason::both_complete || reason == DropReason::duplicate_peer;
    tell_home(torrent,
              PeerLeft{torrent.shared.id, key(connection), connection.remote,
                       connection.down.total_bytes() + connection.up.total_bytes() > 0, forget,
                       reason == DropReason::false_data},
              now);
}

void Session::unpin(Connection& connection) {
    for (const BufferId buffer : connection.pinned) buffers_.unpin(buffer);
    connection.pinned.clear();
    connection.receive_cancelled = false;
    if (pieces_waiting_ == 0 || connection.torrent == nullptr) return;
    settle_waiting(*connection.torrent);
}

void Session::handle_closed(ConnectionId id) {
    Connection* const connection = connections_.find(id);
    SPATE_ASSERT(connection != nullptr && connection->stage == Stage::closing);
    unpin(*connection);
    bytes_copied_ += connection->wire.bytes_copied();
    connections_.destroy(id);
}

void Session::close_all(Time now) {
    connections_.for_each(
        [&](Connection& connection) { close(connection, DropReason::torrent_halted, now); });
}

void Session::close_if_both_complete(Connection& connection, Time now) {
    if (connection.stage != Stage::established || connection.torrent->fetch) return;
    const bool peer_complete = connection.has.all() || connection.upload_only;
    // A partial seed (BEP 21) gets nothing more, so it never will have what we want.
    const bool of_no_use = connection.torrent->complete() ||
                           (connection.said_what_it_has && connection.interesting == 0);
    if (peer_complete && of_no_use) close(connection, DropReason::both_complete, now);
}

}  // namespace spate::session
