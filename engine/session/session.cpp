#include "engine/session/session.hpp"

#include <algorithm>
#include <type_traits>

#include "engine/base/assert.hpp"
#include "engine/swarm/bits.hpp"

namespace spate::session {
namespace {

/// What we owe a peer that makes us answer and doesn't read. HAVEs for a hundred thousand pieces
/// fit, and the rejects of the longest queue many times.
constexpr std::size_t control_bytes_max = 1024 * 1024;

/// However many peers the user allows.
SessionOptions within_table(SessionOptions options) {
    options.connections_max = std::min(options.connections_max, ConnectionTable::connections_max);
    return options;
}

/// BEP 6; an error from a peer that didn't negotiate it.
template <class Event>
constexpr bool is_of_fast_extension =
    std::is_same_v<Event, wire::HaveAll> || std::is_same_v<Event, wire::HaveNone> ||
    std::is_same_v<Event, wire::Reject> || std::is_same_v<Event, wire::AllowedFast> ||
    std::is_same_v<Event, wire::SuggestPiece>;

/// Of its torrent, once that is known.
TokenBucket* down_limit_of(const Connection& connection) {
    return connection.torrent != nullptr ? &connection.torrent->shared.down_limit : nullptr;
}

}  // namespace

Session::Session(SessionOptions options, RateLimits limits, swarm::PayloadMemory& memory, Time now)
    : options_(within_table(options)),
      limits_(limits),
      random_(options.seed),
      secrets_(options.secrets.value_or(
          SessionSecrets{.digest_key = {random_(), random_()}, .table_seed = options.seed})),
      buffers_(memory, options.buffer_budget_bytes),
      outboxes_(options.core_count),
      connection_timers_(now),
      torrent_timers_(now) {}

Session::~Session() = default;

Torrent* Session::torrent(TorrentId id) {
    return id.value < torrents_.size() ? torrents_[id.value].get() : nullptr;
}

const Torrent* Session::find_torrent(TorrentId id) const {
    return id.value < torrents_.size() ? torrents_[id.value].get() : nullptr;
}

std::optional<Output> Session::poll_output() {
    if (outputs_.empty()) return std::nullopt;
    Output output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

Connection* Session::find_open(ConnectionId id) const {
    Connection* const connection = connections_.find(id);
    return connection != nullptr && connection->stage != Stage::closing ? connection : nullptr;
}

Connection* Session::find_open(ConnectionId id, const Torrent& torrent) const {
    Connection* const connection = find_open(id);
    return connection != nullptr && connection->torrent == &torrent ? connection : nullptr;
}

void Session::request_transmit(Connection& connection) {
    if (connection.transmit_requested || connection.stage == Stage::closing) return;
    connection.transmit_requested = true;
    put(Transmit{connection.id});
}

void Session::cancel_receive(Connection& connection) {
    if (connection.pinned.empty() || std::exchange(connection.receive_cancelled, true)) return;
    put(CancelReceive{connection.id});
}

void Session::handle_received(ConnectionId id, Bytes bytes, Time now) {
    Connection* const connection = find_open(id);
    if (connection == nullptr) return;
    take_down(*connection, bytes.size(), now);
    connection->last_received_at = now;
    fetch_ahead(*connection);
    events_.clear();
    const auto result = connection->wire.handle_bytes(bytes, buffers_.table(), events_);
    handle_events(*connection, result.has_value(), now);
}

void Session::handle_planned(ConnectionId id, wire::ReceivePlan& plan, std::size_t count,
                             Time now) {
    Connection* const connection = connections_.find(id);
    if (connection == nullptr) return;
    unpin(*connection);  // of one that is closing too
    if (connection->stage == Stage::closing || count == 0) return;
    take_down(*connection, count, now);
    connection->last_received_at = now;
    fetch_ahead(*connection);
    events_.clear();
    const auto result = connection->wire.handle_planned(plan, count, buffers_.table(), events_);
    handle_events(*connection, result.has_value(), now);
}

void Session::take_down(Connection& connection, std::size_t bytes, Time now) {
    limits_.down.take(bytes, now);
    if (TokenBucket* const limit = down_limit_of(connection)) limit->take(bytes, now);
}

bool Session::may_receive(ConnectionId id, Time now) {
    Connection* const connection = find_open(id);
    if (connection == nullptr) return false;
    if (letters_waiting_ > letters_waiting_max) {
        if (!std::exchange(connection->held_back, true)) held_back_.push_back(id);
        return false;
    }
    const TokenBucket* const limit = used_up(limits_.down, down_limit_of(*connection), now);
    if (limit == nullptr) return true;
    if (!connection->receive_paused) {
        connection->receive_paused = true;
        receive_waiters_.add(*limit, id, connection->last_received_at);
        note_wait(*connection);
    }
    return false;
}

bool Session::should_await_bytes(ConnectionId id) const {
    const Connection* const connection = find_open(id);
    return connection != nullptr && buffers_.table().is_hot_full() &&
           connection->wire.needs_memory(buffers_.table());
}

bool Session::plan_receive(ConnectionId id, wire::ReceivePlan& plan) {
    Connection* const connection = find_open(id);
    if (connection == nullptr || connection->stage != Stage::established) return false;
    // Under a limit small receives keep the rate smooth.
    if (!limits_.down.unlimited() || !connection->torrent->shared.down_limit.unlimited())
        return false;
    if (!connection->wire.plan_receive(plan, buffers_.table())) return false;
    for (const BufferId buffer : plan.buffers()) {
        buffers_.pin(buffer);
        connection->pinned.push_back(buffer);
    }
    return true;
}

void Session::handle_events(Connection& connection, bool intact, Time now) {
    // Handlers may close the connection; its memory stays until handle_closed().
    for (const wire::Event& event : events_) {
        if (connection.stage == Stage::closing) return;
        handle_event(connection, event, now);
    }
    if (connection.torrent != nullptr) feed_hungry(*connection.torrent, now);
    if (connection.stage == Stage::closing) return;
    if (!intact) return close(connection, DropReason::wire_error, now);
    if (connection.control.size() > control_bytes_max)
        return close(connection, DropReason::request_flood, now);
    fill_requests(connection, now);
    watch(connection, now);
    note_wait(connection);
}

void Session::handle_event(Connection& connection, const wire::Event& event, Time now) {
    if (const auto* handshake = std::get_if<wire::HandshakeReceived>(&event))
        return establish(connection, handshake->handshake, now);
    if (connection.torrent == nullptr) return close(connection, DropReason::wire_error, now);
    std::visit(
        [&]<class Event>(const Event& e) {
            using std::is_same_v;
            if (is_of_fast_extension<Event> && !connection.fast)
                return close(connection, DropReason::wire_error, now);
            if constexpr (is_same_v<Event, wire::BlockReceived>) on_block(connection, e.block, now);
            if constexpr (is_same_v<Event, wire::BlockDiscarded>)
                on_block_discarded(connection, e.block, now);
            if constexpr (is_same_v<Event, wire::Request>) on_request(connection, e.block, now);
            if constexpr (is_same_v<Event, wire::Cancel>) on_cancel(connection, e.block);
            if constexpr (is_same_v<Event, wire::Reject>) on_reject(connection, e.block, now);
            if constexpr (is_same_v<Event, wire::Have>) on_have(connection, e.piece, now);
            if constexpr (is_same_v<Event, wire::Choke>) on_choke(connection);
            if constexpr (is_same_v<Event, wire::Unchoke>) connection.peer_chokes = false;
            if constexpr (is_same_v<Event, wire::Interested>) on_interest(connection, true, now);
            if constexpr (is_same_v<Event, wire::NotInterested>)
                on_interest(connection, false, now);
            if constexpr (is_same_v<Event, wire::AllowedFast>) {
                if (connection.allowed_fast.size() < 64) connection.allowed_fast.push_back(e.piece);
            }
            if constexpr (is_same_v<Event, wire::BitfieldMessage> ||
                          is_same_v<Event, wire::HaveAll> || is_same_v<Event, wire::HaveNone>)
                on_bitfield(connection, event, now);
            if constexpr (is_same_v<Event, wire::Extended>) on_extended(connection, e, now);
            if constexpr (is_same_v<Event, wire::HashRequest>) on_hash_request(connection, e.range);
            if constexpr (is_same_v<Event, wire::Hashes>) on_hashes(connection, e, now);
            if constexpr (is_same_v<Event, wire::HashReject>)
                on_hash_reject(connection, e.range, now);
            if constexpr (is_same_v<Event, wire::SuggestPiece>) connection.picking.suggest(e.piece);
            // KEEP ALIVE and PORT ask for nothing.
        },
        event);
}

void Session::on_choke(Connection& connection) {
    connection.peer_chokes = true;
    // With the Fast extension each request is rejected by name; without, all are void.
    if (!connection.fast) give_up_requests(connection);
}

void Session::on_have(Connection& connection, PieceIndex piece, Time now) {
    Torrent& torrent = *connection.torrent;
    if (torrent.fetch) return;
    if (piece.value >= torrent.shared.pieces.size())
        return close(connection, DropReason::bad_bitfield, now);
    if (!connection.has.set(piece.value)) return;
    torrent.shared.availability.add(piece, options_.core);
    if (torrent.picker) torrent.picker->on_have(connection.picking, piece);
    if (torrent.wanted.test(piece.value)) ++connection.interesting;
    if (connection.has.all()) {
        torrent.shared.availability.remove(connection.has, options_.core);
        count_as_seed(connection);
    }
    pass_on_have(torrent, connection, piece);
    update_interest(connection);
    close_if_both_complete(connection, now);
}

void Session::on_bitfield(Connection& connection, const wire::Event& event, Time now) {
    Torrent& torrent = *connection.torrent;
    if (torrent.fetch) return;
    const std::uint32_t pieces = torrent.shared.pieces.size();
    // Not only as the first message: aria2 sends it again instead of many HAVEs.
    forget_pieces(connection);
    if (const auto* message = std::get_if<wire::BitfieldMessage>(&event)) {
        if (!connection.has.assign(message->bits, pieces))
            return close(connection, DropReason::bad_bitfield, now);
    } else if (std::holds_alternative<wire::HaveAll>(event)) {
        connection.has.set_all();
    }
    if (connection.has.all()) {
        count_as_seed(connection);
    } else {
        torrent.shared.availability.add(connection.has, options_.core);
    }
    connection.said_what_it_has = true;
    connection.interesting = swarm::count_common(connection.has, torrent.wanted);
    offer_pieces(connection);
    update_interest(connection);
    close_if_both_complete(connection, now);
}

void Session::forget_pieces(Connection& connection) {
    SharedTorrent& shared = connection.torrent->shared;
    if (connection.counted_as_seed) {
        shared.availability.remove_seed();
        shared.counters.seeds.fetch_sub(1, std::memory_order_relaxed);
    } else {
        shared.availability.remove(connection.has, options_.core);
    }
    connection.counted_as_seed = false;
    connection.has = Bitfield(shared.pieces.size());
    connection.picking.cursor = {};
    connection.interesting = 0;
}

void Session::count_as_seed(Connection& connection) {
    connection.counted_as_seed = true;
    connection.torrent->shared.availability.add_seed();
    connection.torrent->shared.counters.seeds.fetch_add(1, std::memory_order_relaxed);
}

void Session::update_interest(Connection& connection) {
    const bool interested = connection.interesting > 0 && !connection.torrent->complete() &&
                            !connection.torrent->paused;
    if (interested == connection.we_are_interested) return;
    connection.we_are_interested = interested;
    wire::append_message(connection.control, interested ? wire::MessageId::interested
                                                        : wire::MessageId::not_interested);
    request_transmit(connection);
}

void Session::on_interest(Connection& connection, bool interested, Time now) {
    if (connection.peer_is_interested == interested) return;
    connection.peer_is_interested = interested;
    tell_home(*connection.torrent,
              PeerInterest{connection.torrent->shared.id, key(connection), interested}, now);
}

}  // namespace spate::session
