// What peers ask us for.
#include <algorithm>

#include "engine/base/probe.hpp"
#include "engine/session/session.hpp"
#include "engine/wire/message.hpp"

namespace spate::session {
namespace {

/// Requests a peer may have queued here; we say so in the extension handshake (reqq), and fast
/// readers of other clients that don't look are cut off well above it.
constexpr std::size_t uploads_max = 4'096;
/// A longer request is refused; every client asks for 16 KiB.
constexpr std::uint32_t upload_block_length_max = 128 * 1024;
/// Payload of one send, unless a single block is larger.
constexpr std::uint32_t send_bytes_max = 256 * 1024;
/// And for the slowest link.
constexpr std::uint32_t send_bytes_min = 16 * 1024;
/// A send that takes longer is too long for the peer's link: HAVEs and requests wait behind it, and
/// a peer that was choked goes on receiving.
constexpr Duration send_time_max = 250ms;
/// Peers that are told of a piece that was read from a disk, and those that are looked at for them.
constexpr std::size_t suggestions_max = 4;
constexpr std::size_t suggestion_looks_max = 16;
/// Memory that a peer keeps for its next messages; a send in flight may have held a long bitfield.
constexpr std::size_t control_bytes_kept = 128;
/// Under an upload limit sends are small, so that the rate is smooth.
constexpr std::uint32_t send_bytes_max_limited = 16 * 1024;

}  // namespace

void Session::on_request(Connection& connection, BlockRef block, Time now) {
    Torrent& torrent = *connection.torrent;
    SPATE_PROBE(request_received, connection.id.value, block.piece.value, block.offset,
                block.length);
    if (!torrent.contains(block) || block.length > upload_block_length_max)
        return close(connection, DropReason::bad_request, now);
    if (connection.uploads.size() >= uploads_max)
        return close(connection, DropReason::request_flood, now);
    const bool fast = connection.we_choke && may_have_fast(connection, block);
    if (fast) connection.granted_fast_bytes -= block.length;
    if ((connection.we_choke && !fast) || !is_offered(torrent, block.piece)) {
        // Sent before our CHOKE arrived, as a rule. Without the Fast extension silence is the
        // answer.
        if (connection.fast) {
            wire::append_reject(connection.control, block);
            request_transmit(connection);
        }
        return;
    }
    connection.uploads.push_back({block, CoarseTime(now)});
    request_transmit(connection);
}

void Session::on_cancel(Connection& connection, BlockRef block) {
    const auto found = std::ranges::find(connection.uploads, block, &Upload::block);
    if (found == connection.uploads.end()) return;  // on its way already
    connection.uploads.erase(found);
    if (!connection.fast) return;
    wire::append_reject(connection.control, block);
    request_transmit(connection);
}

void Session::set_choke(Connection& connection, bool choke, std::uint64_t rate_max_bytes_per_s,
                        Time now) {
    connection.upload_limit.set_rate(rate_max_bytes_per_s);
    if (!connection.uploads.empty()) request_transmit(connection);
    if (connection.stage != Stage::established || connection.we_choke == choke) return;
    connection.we_choke = choke;
    SPATE_PROBE(choke_changed, connection.torrent->shared.id.value, connection.id.value, choke,
                connection.uploads.size());
    connection.last_sent_at = now;
    wire::append_message(connection.control,
                         choke ? wire::MessageId::choke : wire::MessageId::unchoke);
    if (choke) {
        connection.uploads.erase_if([&](const Upload& upload) {
            if (may_have_fast(connection, upload.block)) return false;
            if (connection.fast) wire::append_reject(connection.control, upload.block);
            return true;
        });
    }
    request_transmit(connection);
    note_wait(connection);
}

bool Session::take_send(ConnectionId id, SendPlan& plan, Time now) {
    plan.clear();
    Connection* const connection = find_open(id);
    if (connection == nullptr || connection->stage == Stage::calling) return false;
    connection->transmit_requested = false;
    plan.control.swap(connection->control);
    if (connection->control.capacity() > control_bytes_kept) connection->control = {};
    if (connection->torrent != nullptr) {
        plan.torrent = connection->torrent->shared.id;
        take_blocks(*connection, plan, now);
        plan.unsent_max_bytes =
            connection->send_bytes < send_bytes_max ? connection->send_bytes : 0;
        note_wait(*connection);
    }
    if (!plan.empty()) connection->last_sent_at = now;
    return !plan.empty();
}

void Session::take_blocks(Connection& connection, SendPlan& plan, Time now) {
    TokenBucket& torrent_limit = connection.torrent->shared.up_limit;
    const bool limited = !limits_.up.unlimited() || !torrent_limit.unlimited();
    const std::uint32_t bytes_max = limited ? send_bytes_max_limited : connection.send_bytes;
    std::uint32_t bytes = 0;
    while (!connection.uploads.empty() && plan.block_count < SendPlan::blocks_max) {
        const auto [block, asked_at] = connection.uploads.front();
        if (plan.block_count > 0 && bytes + block.length > bytes_max) break;
        if (!connection.upload_limit.available(now)) break;  // the tick goes on
        if (const TokenBucket* const limit = used_up(limits_.up, &torrent_limit, now)) {
            if (!connection.send_paused) {
                connection.send_paused = true;
                send_waiters_.add(*limit, connection.id, connection.last_upload_at);
            }
            break;
        }
        limits_.up.take(block.length, now);
        torrent_limit.take(block.length, now);
        connection.upload_limit.take(block.length, now);
        connection.last_upload_at = now;
        bytes += block.length;
        plan.blocks[plan.block_count] = block;
        plan.asked_at[plan.block_count++] = asked_at;
        connection.uploads.pop_front();
    }
}

/// What we have to say in the meantime waits for the send in flight, and for what the kernel holds.
void Session::adapt_send_size(Connection& connection, std::uint64_t bytes, Time now) {
    std::uint32_t& size = connection.send_bytes;
    if (now - connection.last_sent_at > send_time_max)
        size = std::max(size / 2, send_bytes_min);
    else if (bytes > size / 2)
        size = std::min(size * 2, send_bytes_max);
}

void Session::suggest(Torrent& torrent, PieceIndex piece, const Connection& reader) {
    if (torrent.peers.empty()) return;
    const std::size_t looks = std::min(torrent.peers.size(), suggestion_looks_max);
    const std::uint64_t first = random_.below(torrent.peers.size());
    std::size_t told = 0;
    for (std::size_t i = 0; i < looks && told < suggestions_max; ++i) {
        Connection& peer = *torrent.peers[(first + i) % torrent.peers.size()];
        const bool served = peer.fast && !peer.we_choke && peer.peer_is_interested;
        if (&peer == &reader || !served || peer.has.test(piece.value)) continue;
        wire::append_suggest(peer.control, piece);
        ++told;
    }
}

void Session::handle_cold_read(ConnectionId id, const SendPlan& plan) {
    const Connection* const reader = find_open(id);
    if (reader == nullptr || reader->stage != Stage::established || reader->torrent->hides_pieces())
        return;
    for (std::size_t i = 0; i < plan.block_count; ++i)
        if (i == 0 || plan.blocks[i].piece != plan.blocks[i - 1].piece)
            suggest(*reader->torrent, plan.blocks[i].piece, *reader);
}

void Session::handle_sent(ConnectionId id, const SendPlan& plan, Time now) {
    Connection* const connection = find_open(id);
    if (connection == nullptr) return;
    const std::uint64_t bytes = plan.payload_bytes();
    if (bytes == 0) return;
    adapt_send_size(*connection, bytes, now);
    connection->up.add(bytes, now);
    connection->torrent->shared.counters.uploaded.fetch_add(bytes, std::memory_order_relaxed);
}

}  // namespace spate::session
