// Extension messages: the handshake (BEP 10), upload-only (BEP 21), metadata (BEP 9).
#include "engine/session/session.hpp"
#include "engine/wire/extension_handshake.hpp"
#include "engine/wire/limits.hpp"
#include "engine/wire/message.hpp"
#include "engine/wire/metadata_message.hpp"

namespace spate::session {
namespace {

// The ids under which peers send us these messages.
constexpr std::uint8_t own_metadata_id = 1;
constexpr std::uint8_t own_upload_only_id = 2;
constexpr std::uint8_t own_dont_have_id = 3;
/// Requests that a peer may keep queued here, as we tell it. We cut off well above.
constexpr std::uint32_t request_queue_told = 2'000;
/// Metadata messages of ours that may wait for a peer that doesn't read.
constexpr std::size_t metadata_queue_bytes_max = 256 * 1024;

}  // namespace

void Session::send_extension_handshake(Connection& connection) {
    const Torrent& torrent = *connection.torrent;
    wire::ExtensionHandshake ours;
    ours.ut_metadata = own_metadata_id;
    ours.upload_only_message = own_upload_only_id;
    ours.lt_donthave = own_dont_have_id;
    ours.client = "spate 0.1.0";
    ours.listen_port = options_.listen_port;
    ours.request_queue_max = request_queue_told;
    ours.your_ip = connection.remote.address;
    ours.upload_only = !torrent.fetch && torrent.complete() && !torrent.hides_pieces();
    const std::size_t size = torrent.metainfo().info_bytes.size();
    if (size > 0 && size <= wire::metadata_bytes_max)
        ours.metadata_size_bytes = static_cast<std::uint32_t>(size);
    if (ours.listen_port == 0) ours.listen_port.reset();
    wire::append_extension_handshake(connection.control, ours);
}

void Session::on_extended(Connection& connection, const wire::Extended& message, Time now) {
    if (!connection.extensions) return close(connection, DropReason::bad_extension, now);
    if (message.id == 0) return on_extension_handshake(connection, message.body, now);
    if (message.id == own_metadata_id) return on_metadata_message(connection, message.body, now);
    if (message.id == own_dont_have_id) return on_dont_have(connection, message.body, now);
    if (message.id == own_upload_only_id && message.body.size() == 1) {
        connection.upload_only = message.body[0] != std::byte{0};
        close_if_both_complete(connection, now);
    }
}

void Session::on_extension_handshake(Connection& connection, Bytes body, Time now) {
    const auto theirs = wire::parse_extension_handshake(body);
    if (!theirs) return close(connection, DropReason::bad_extension, now);
    connection.metadata_message_id = theirs->ut_metadata;
    connection.upload_only = theirs->upload_only;
    connection.upload_only_id = theirs->upload_only_message;
    connection.dont_have_id = theirs->lt_donthave;
    if (theirs->your_ip && !std::exchange(connection.told_own_address, true))
        tell_home(*connection.torrent,
                  OwnAddressSeen{connection.torrent->shared.id,
                                 {*theirs->your_ip, options_.listen_port},
                                 connection.remote.address},
                  now);
    if (theirs->request_queue_max) connection.window.set_depth_max(*theirs->request_queue_max);
    if (connection.torrent->fetch && theirs->ut_metadata != 0 && theirs->metadata_size_bytes) {
        connection.torrent->fetch->on_peer({connection.id, connection.remote, connection.peer_id},
                                           *theirs->metadata_size_bytes, now);
        request_metadata(connection, now);
    }
    close_if_both_complete(connection, now);
}

/// BEP 54: a piece that it announced is gone.
void Session::on_dont_have(Connection& connection, Bytes body, Time now) {
    Torrent& torrent = *connection.torrent;
    if (torrent.fetch || body.size() != sizeof(std::uint32_t)) return;
    const PieceIndex piece(load_be<std::uint32_t>(body.data()));
    if (piece.value >= connection.has.size())
        return close(connection, DropReason::bad_extension, now);
    if (!connection.has.test(piece.value)) return;
    if (connection.counted_as_seed) {
        connection.counted_as_seed = false;
        torrent.shared.availability.remove_seed();
        torrent.shared.counters.seeds.fetch_sub(1, std::memory_order_relaxed);
        torrent.shared.availability.add(connection.has, options_.core);
    }
    connection.has.reset(piece.value);
    torrent.shared.availability.remove(piece, options_.core);
    if (torrent.wanted.test(piece.value)) --connection.interesting;
    update_interest(connection);
}

void Session::tell_upload_only(Connection& connection) {
    if (connection.upload_only_id == 0) return;
    const std::byte state{connection.torrent->complete() ? std::uint8_t{1} : std::uint8_t{0}};
    wire::append_extended(connection.control, connection.upload_only_id, Bytes(&state, 1));
    request_transmit(connection);
}

void Session::request_metadata(Connection& connection, Time now) {
    Torrent& torrent = *connection.torrent;
    if (!torrent.fetch || connection.metadata_message_id == 0) return;
    while (const auto piece = torrent.fetch->next_request(connection.id, now)) {
        wire::append_metadata_request(connection.control, connection.metadata_message_id, *piece);
        request_transmit(connection);
    }
}

void Session::on_metadata_message(Connection& connection, Bytes body, Time now) {
    Torrent& torrent = *connection.torrent;
    const auto message = wire::parse_metadata_message(body);
    if (!message) return close(connection, DropReason::bad_extension, now);
    using Kind = wire::MetadataMessage::Kind;
    if (message->kind == Kind::request) return serve_metadata(connection, message->piece);
    if (!torrent.fetch) return;
    if (message->kind == Kind::reject)
        return torrent.fetch->on_reject(connection.id, message->piece, now);
    if (message->kind != Kind::data) return;
    if (auto whole = torrent.fetch->on_data(connection.id, message->piece,
                                            message->total_size_bytes, message->data, now))
        return put(CheckMetadata{torrent.shared.id, std::move(*whole)});
    request_metadata(connection, now);
}

void Session::serve_metadata(Connection& connection, std::uint32_t piece) {
    if (connection.metadata_message_id == 0) return;
    const Bytes metadata = connection.torrent->metainfo().info_bytes;
    const bool available =
        !metadata.empty() && metadata.size() <= wire::metadata_bytes_max &&
        piece < wire::metadata_piece_count(static_cast<std::uint32_t>(metadata.size()));
    if (available && connection.control.size() < metadata_queue_bytes_max) {
        wire::append_metadata_data(connection.control, connection.metadata_message_id, piece,
                                   metadata);
    } else {
        wire::append_metadata_reject(connection.control, connection.metadata_message_id, piece);
    }
    request_transmit(connection);
}

void Session::handle_metadata_checked(TorrentId id, bool matches, Time now) {
    Torrent* const torrent = this->torrent(id);
    if (torrent == nullptr || !torrent->fetch || torrent->halted) return;
    for (const auto& liar : torrent->fetch->on_checked(matches, now)) convict(*torrent, liar, now);
    for (Connection* const peer : torrent->peers) request_metadata(*peer, now);
}

}  // namespace spate::session
