// What happens because time passes.
#include <algorithm>

#include "engine/session/session.hpp"
#include "engine/wire/message.hpp"

namespace spate::session {
namespace {

/// How often a connection is looked at of which something is awaited. The others only when it is
/// time for a keep-alive or they have been silent for too long.
constexpr Duration connection_tick = 500ms;
/// BEP 3: generally every two minutes.
constexpr Duration keep_alive_interval = 100s;
/// A peer that says nothing for so long is gone.
constexpr Duration silence_max = 240s;
/// And so is one that owes us blocks: others may be more use in its place, and it is called again.
constexpr Duration owing_silence_max = 90s;
/// BEP 3: no piece for over a minute while we asked means snubbed.
constexpr Duration snubbed_after = 60s;

}  // namespace

std::optional<Time> Session::next_timeout() const {
    std::optional<Time> next = connection_timers_.next_timeout();
    const auto earlier = [&](std::optional<Time> time) {
        if (time) next = next ? std::min(*next, *time) : *time;
    };
    earlier(torrent_timers_.next_timeout());
    earlier(receive_waiters_.next_timeout());
    earlier(send_waiters_.next_timeout());
    return next;
}

void Session::handle_timeout(Time now) {
    resume_paused(now);
    while (const auto slot = connection_timers_.pop_due(now))
        if (Connection* const connection = connections_.at_slot(*slot)) tick(*connection, now);
    while (const auto id = torrent_timers_.pop_due(now))
        if (Torrent* const torrent = this->torrent(TorrentId(*id))) tick(*torrent, now);
}

void Session::resume_paused(Time now) {
    for (const ConnectionId id : receive_waiters_.take_ready(now)) {
        Connection* const connection = find_open(id);
        if (connection == nullptr) continue;
        connection->receive_paused = false;
        note_wait(*connection);
        put(Receive{id});
    }
    for (const ConnectionId id : send_waiters_.take_ready(now)) {
        Connection* const connection = find_open(id);
        if (connection == nullptr) continue;
        connection->send_paused = false;
        request_transmit(*connection);
    }
}

void Session::tick(Connection& connection, Time now) {
    if (connection.stage == Stage::closing) return;
    if (connection.stage != Stage::established)
        return close(connection,
                     connection.stage == Stage::calling ? DropReason::call_failed
                                                        : DropReason::handshake_timeout,
                     now);
    if (now - connection.last_received_at >= silence_max)
        return close(connection, DropReason::idle, now);
    if (connection.stalled && now - connection.last_received_at >= owing_silence_max)
        return close(connection, DropReason::owes_and_is_silent, now);
    if (now - connection.last_sent_at >= keep_alive_interval) {
        wire::append_keep_alive(connection.control);
        connection.last_sent_at = now;
        request_transmit(connection);
    }
    check_silence(connection, now);
    fill_requests(connection, now);
    note_wait(connection);
    // It may have waited for its own upload limit.
    if (!connection.upload_limit.unlimited() && !connection.uploads.empty())
        request_transmit(connection);
    request_metadata(connection, now);
    request_hashes(connection, now);
    // One that has nothing and isn't Fast never says so.
    if (connection.torrent->super_seeding &&
        !connection.torrent->super_seeding->told(connection.id))
        reveal_piece(connection);
    connection.watched = needs_watching(connection);
    if (connection.watched) return look_again(connection, now + connection_tick);
    release_idle_memory(connection);
    look_again(connection, std::min(connection.last_sent_at + keep_alive_interval,
                                    connection.last_received_at + silence_max));
}

bool Session::needs_watching(const Connection& connection) {
    const bool may_ask = !connection.peer_chokes || !connection.allowed_fast.empty();
    const auto& super_seeding = connection.torrent->super_seeding;
    return connection.torrent->fetch || connection.window.outstanding() > 0 ||
           (connection.we_are_interested && may_ask) ||
           (!connection.upload_limit.unlimited() && !connection.uploads.empty()) ||
           (super_seeding && !super_seeding->told(connection.id));
}

void Session::watch(Connection& connection, Time now) {
    if (connection.watched || connection.stage != Stage::established || !needs_watching(connection))
        return;
    connection.watched = true;
    look_again(connection, now + connection_tick);
}

void Session::look_again(Connection& connection, Time at) {
    connection_timers_.schedule(ConnectionTable::slot_of(connection.id), at);
}

void Session::release_idle_memory(Connection& connection) {
    connection.window.release();
    connection.uploads.release();
    if (connection.pinned.empty()) connection.pinned = {};
}

void Session::tick(Torrent& torrent, Time now) {
    if (torrent.halted) return;
    if (torrent.haves_due && *torrent.haves_due <= now) send_haves(torrent, now);
    if (torrent.playback_due && *torrent.playback_due <= now) follow_playback(torrent, now);
    if (torrent.next_rates_report <= now) report_rates(torrent, now);
    if (torrent.is_at_home()) run_home(torrent, now);
    schedule(torrent, now);
}

void Session::report_rates(Torrent& torrent, Time now) {
    torrent.next_rates_report = now + swarm::Choker::round;
    if (torrent.peers.empty()) return;
    if (torrent.super_seeding) advance_super_seeding(torrent);
    PeerRates rates{torrent.shared.id, {}};
    for (Connection* const peer : torrent.peers) {
        const auto have_count = static_cast<std::uint32_t>(peer->has.count());
        const std::uint32_t news = have_count - std::min(have_count, peer->have_count_reported);
        peer->have_count_reported = have_count;
        const bool waits_for_data = peer->we_are_interested && !peer->peer_chokes;
        rates.entries.push_back(
            {.peer = key(*peer),
             .snubbed = waits_for_data && now - peer->last_block_at > snubbed_after,
             .unchokes_us = !peer->peer_chokes,
             .rate_bytes_per_s = peer->down.bytes_per_s(now),
             .given_bytes_per_s = peer->up.bytes_per_s(now),
             .announced_bytes_per_s = std::uint64_t{news} * torrent.metainfo().piece_length_bytes /
                                      static_cast<std::uint64_t>(swarm::Choker::round / 1s),
             .have_share = static_cast<double>(have_count) /
                           static_cast<double>(std::max<std::size_t>(peer->has.size(), 1))});
    }
    tell_home(torrent, std::move(rates), now);
}

void Session::schedule(Torrent& torrent, Time now) {
    if (torrent.halted) return;
    std::optional<Time> next = torrent.haves_due;
    const auto earlier = [&](Time time) { next = next ? std::min(*next, time) : time; };
    if (torrent.playback_due) earlier(*torrent.playback_due);
    if (!torrent.peers.empty()) earlier(torrent.next_rates_report);
    if (torrent.trackers)
        if (const auto announce = torrent.trackers->next_timeout()) earlier(*announce);
    if (torrent.home)
        if (const auto home = torrent.home->next_timeout()) earlier(*home);
    if (next) torrent_timers_.schedule(torrent.shared.id.value, std::max(*next, now));
}

}  // namespace spate::session
