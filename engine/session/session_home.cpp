// What the home core of a torrent does, and messages between cores.
#include <algorithm>

#include "engine/base/assert.hpp"
#include "engine/session/session.hpp"

namespace spate::session {

void Session::add_torrent(SharedTorrent& shared,
                          std::vector<std::vector<std::string>> tracker_tiers, Time now) {
    const std::uint32_t index = shared.id.value;
    if (index >= torrents_.size()) torrents_.resize(index + 1);
    SPATE_ASSERT(!torrents_[index]);
    torrents_[index] = std::make_unique<Torrent>(shared, options_.core, buffers_);
    Torrent& torrent = *torrents_[index];
    torrent.complete_told = torrent.complete();
    torrent.picker.set_mode(options_.piece_mode);
    for (std::uint32_t piece = 0; piece < shared.preferred.size(); ++piece)
        if (shared.preferred.test(piece))
            torrent.picker.set_priority(PieceIndex(piece), swarm::PiecePriority::high);
    if (options_.super_seed && torrent.complete() && shared.pieces.size() > 0)
        torrent.super_seeding.emplace(shared.pieces.size(), random_);
    by_info_hash_[shared.metainfo->info_hash] = &torrent;
    torrent.next_rates_report = now + swarm::Choker::round - 500ms;
    if (shared.home == options_.core) {
        tracker::TrackerTiers tiers(std::move(tracker_tiers), {.complete = torrent.complete()},
                                    Prng(random_()));
        torrent.home.emplace(std::move(tiers), options_.home, options_.seed, now);
    }
    schedule(torrent, now);
    if (torrent.home) run_home(torrent, now);
    const auto early = early_messages_.extract(shared.id);
    if (early.empty()) return;
    early_message_count_ -= early.mapped().size();
    for (const CoreMessage& message : early.mapped()) handle_message(message, now);
}

void Session::tell_home(Torrent& torrent, CoreMessage message, Time now) {
    if (torrent.home) return handle_message(message, now);
    put(ToCore{torrent.shared.home, std::move(message)});
}

void Session::tell_others(const CoreMessage& message) {
    for (std::uint16_t core = 0; core < options_.core_count; ++core)
        if (core != options_.core.value) put(ToCore{CoreIndex(core), message});
}

/// Another core heard of the torrent before this one: its calls and its peers must not be lost.
/// Stored pieces are read from the shared table when the torrent comes, and rates come again.
void Session::keep_early(TorrentId id, const CoreMessage& message) {
    if (std::holds_alternative<PiecesStored>(message) || std::holds_alternative<PeerRates>(message))
        return;
    // The home core counts on hearing of every call, and makes few.
    if (early_message_count_ >= early_messages_max && !std::holds_alternative<CallPeer>(message))
        return;
    early_messages_[id].push_back(message);
    ++early_message_count_;
}

void Session::handle_message(const CoreMessage& message, Time now) {
    const TorrentId id = std::visit([](const auto& m) { return m.torrent; }, message);
    Torrent* const torrent = this->torrent(id);
    if (torrent == nullptr) return keep_early(id, message);
    std::vector<Home::ChokeChange> changes;
    if (const auto* joined = std::get_if<PeerJoined>(&message)) {
        const auto verdict = torrent->home->on_joined(*joined, options_.peer_id, now);
        if (verdict.drop) drop_peer(*torrent, *verdict.drop, verdict.reason, now);
        torrent->home->tiers().handle_peer_count(torrent->home->peer_count(), now);
    } else if (const auto* left = std::get_if<PeerLeft>(&message)) {
        torrent->home->on_left(*left, random_, now, changes);
        torrent->home->tiers().handle_peer_count(torrent->home->peer_count(), now);
    } else if (const auto* own = std::get_if<OwnAddressSeen>(&message)) {
        torrent->home->on_own_address(*own);
    } else if (const auto* convicted = std::get_if<PeerConvicted>(&message)) {
        torrent->home->on_convicted(*convicted);
    } else if (const auto* failed = std::get_if<CallFailed>(&message)) {
        torrent->home->on_call_failed(*failed, random_, now);
    } else if (const auto* interest = std::get_if<PeerInterest>(&message)) {
        torrent->home->on_interest(*interest, now, changes);
    } else if (const auto* rates = std::get_if<PeerRates>(&message)) {
        torrent->home->on_rates(*rates);
    } else if (const auto* found = std::get_if<PeersFound>(&message)) {
        for (const Endpoint& peer : found->peers)
            torrent->home->peers().add(peer, found->named_by_user);
    } else if (const auto* call = std::get_if<CallPeer>(&message)) {
        return call_peer(*torrent, call->remote, now);
    } else if (const auto* choke = std::get_if<SetChoke>(&message)) {
        if (Connection* const peer = connections_.find(choke->connection))
            set_choke(*peer, choke->choke, choke->rate_max_bytes_per_s, now);
        return;
    } else if (const auto* drop = std::get_if<DropPeer>(&message)) {
        if (Connection* const peer = connections_.find(drop->connection))
            close(*peer, drop->reason, now);
        return;
    } else if (const auto* stored = std::get_if<PiecesStored>(&message)) {
        for (const PieceIndex piece : stored->pieces) {
            on_stored_elsewhere(*torrent, piece);
            learn_stored(*torrent, piece, now);
        }
        return;
    } else if (std::holds_alternative<HaltTorrent>(message)) {
        return halt(*torrent, true, now);
    }
    carry_out(*torrent, changes, now);
    schedule(*torrent, now);
}

void Session::carry_out(Torrent& torrent, const std::vector<Home::ChokeChange>& changes, Time now) {
    for (const Home::ChokeChange& change : changes) {
        if (change.peer.core != options_.core) {
            put(ToCore{change.peer.core, SetChoke{torrent.shared.id, change.peer.connection,
                                                  change.choke, change.rate_max_bytes_per_s}});
        } else if (Connection* const peer = connections_.find(change.peer.connection)) {
            set_choke(*peer, change.choke, change.rate_max_bytes_per_s, now);
        }
    }
}

void Session::drop_peer(Torrent& torrent, swarm::PeerKey peer, DropReason reason, Time now) {
    if (peer.core != options_.core) {
        put(ToCore{peer.core, DropPeer{torrent.shared.id, peer.connection, reason}});
    } else if (Connection* const connection = connections_.find(peer.connection)) {
        close(*connection, reason, now);
    }
}

void Session::run_home(Torrent& torrent, Time now) {
    if (torrent.halted) return;
    Home& home = *torrent.home;
    std::vector<Home::ChokeChange> changes;
    home.rechoke_if_due(torrent.complete(), random_, now, changes);
    carry_out(torrent, changes, now);
    if (const auto order = home.tiers().poll_announce(now)) announce(torrent, *order);
    while (const auto remote = home.next_call(random_, now)) {
        const CoreIndex core(next_call_core_);
        next_call_core_ = static_cast<std::uint16_t>((next_call_core_ + 1) % options_.core_count);
        if (core == options_.core) {
            call_peer(torrent, *remote, now);
        } else {
            put(ToCore{core, CallPeer{torrent.shared.id, *remote}});
        }
    }
}

void Session::announce(Torrent& torrent, const tracker::AnnounceOrder& order) {
    const TorrentCounters& counters = torrent.shared.counters;
    put(Announce{torrent.shared.id, order.url,
                 tracker::AnnounceRequest{.info_hash = torrent.metainfo().info_hash,
                                          .peer_id = options_.peer_id,
                                          .port = options_.listen_port,
                                          .uploaded = counters.uploaded.load(),
                                          .downloaded = counters.downloaded.load(),
                                          .left = torrent.left_bytes(),
                                          .event = order.event,
                                          .key = options_.tracker_key,
                                          .num_want = order.num_want,
                                          .ip = std::nullopt,
                                          .tracker_id = order.tracker_id}});
}

void Session::handle_announced(TorrentId id, const std::string& url,
                               const tracker::AnnounceResult& result, Time now) {
    Torrent* const torrent = this->torrent(id);
    if (torrent == nullptr || !torrent->home || torrent->halted) return;
    Home& home = *torrent->home;
    if (result) {
        home.tiers().handle_response(url, *result, now);
        for (const Endpoint& peer : result->peers) home.peers().add(peer);
        if (!result->warning.empty()) put(TrackerWarning{id, url, result->warning});
    } else {
        home.tiers().handle_failure(url, now, result.error().retry_in);
        put(TrackerWarning{id, url, result.error().sentence});
    }
    run_home(*torrent, now);
    schedule(*torrent, now);
}

void Session::fail_torrent(TorrentId id, std::string reason, Time now) {
    Torrent* const torrent = this->torrent(id);
    if (torrent == nullptr || torrent->halted) return;
    put(TorrentFailed{id, std::move(reason)});
    stop_torrent(id, now);
}

void Session::stop_torrent(TorrentId id, Time now) {
    Torrent* const torrent = this->torrent(id);
    if (torrent == nullptr || torrent->halted) return;
    tell_others(HaltTorrent{id});
    halt(*torrent, true, now);
}

void Session::retire_torrent(TorrentId id, Time now) {
    Torrent* const torrent = this->torrent(id);
    if (torrent == nullptr || torrent->halted) return;
    tell_others(HaltTorrent{id});
    halt(*torrent, false, now);
}

std::vector<Endpoint> Session::known_peers(TorrentId id) const {
    const Torrent* const torrent = find_torrent(id);
    if (torrent == nullptr || !torrent->home) return {};
    return torrent->home->peers().addresses();
}

void Session::halt(Torrent& torrent, bool tell_trackers, Time now) {
    if (torrent.halted) return;
    torrent.halted = true;
    // Calls and handshakes under way too, which are not among its peers yet.
    connections_.for_each([&](Connection& connection) {
        if (connection.torrent == &torrent) close(connection, DropReason::torrent_halted, now);
    });
    if (torrent.home && tell_trackers)
        for (const tracker::AnnounceOrder& order : torrent.home->tiers().stop(now))
            announce(torrent, order);
    std::vector<PieceIndex> receiving;
    for (const auto& [piece, partial] : torrent.picker.partials())
        if (partial->stage == swarm::PartialPiece::Stage::receiving) receiving.push_back(piece);
    for (const PieceIndex piece : receiving) abandon(torrent, *torrent.picker.find(piece));
    torrent_timers_.cancel(torrent.shared.id.value);
}

}  // namespace spate::session
