// What the home core of a torrent does, and messages between cores.
#include <algorithm>

#include "engine/base/assert.hpp"
#include "engine/session/session.hpp"

namespace spate::session {

namespace {

/// Cores report so long before the choke round that goes by their rates.
constexpr Duration rates_before_choking = 500ms;

}  // namespace

void Session::set_preferences(Torrent& torrent, Time now) {
    torrent.picker->set_mode(options_.piece_mode);
    const Bitfield& preferred = torrent.shared.preferred;
    for (std::uint32_t piece = 0; piece < preferred.size(); ++piece)
        if (preferred.test(piece))
            torrent.picker->set_priority(PieceIndex(piece), swarm::PiecePriority::high);
    if (!torrent.shared.play || torrent.fetch) return;
    torrent.playback = std::make_unique<swarm::Playback>(
        *torrent.shared.play, torrent.shared.pieces,
        [&](PieceIndex piece) { return torrent.metainfo().piece_size_bytes(piece); }, now);
    follow_playback(torrent, now);
}

void Session::follow_playback(Torrent& torrent, Time now) {
    const swarm::PieceTable& pieces = torrent.shared.pieces;
    swarm::Playback& playback = *torrent.playback;
    playback.look(pieces, now);
    if (playback.sets_deadlines()) {
        const swarm::Playback::Urgent urgent = playback.urgent(pieces, now);
        torrent.picker->set_deadlines(urgent.pieces, urgent.in_order);
    }
    torrent.playback_due.reset();
    if (!torrent.complete()) torrent.playback_due = now + swarm::Playback::look_interval;
    if (torrent.shared.home != options_.core) return;
    TorrentCounters& counters = torrent.shared.counters;
    counters.late_pieces.store(playback.late_pieces(pieces, now), std::memory_order_relaxed);
    counters.playing_since.store(playback.started_at().value_or(Time{}), std::memory_order_relaxed);
}

void Session::add_torrent(SharedTorrent& shared, tracker::TrackerList trackers, Time now) {
    const std::uint32_t index = shared.id.value;
    if (index >= torrents_.size()) torrents_.resize(index + 1);
    SPATE_ASSERT(!torrents_[index]);
    torrents_[index] =
        std::make_unique<Torrent>(shared, options_.core, buffers_, secrets_.digest_key);
    Torrent& torrent = *torrents_[index];
    torrent.complete_told = torrent.completion_announced = torrent.complete();
    torrent.paused = shared.failing_writers.load() > 0;
    if (torrent.picker) set_preferences(torrent, now);
    if (options_.super_seed && torrent.complete() && shared.pieces.size() > 0)
        torrent.super_seeding =
            std::make_unique<swarm::SuperSeeding>(shared.pieces.size(), random_);
    by_info_hash_[shared.metainfo->info_hash] = &torrent;
    // Whoever knows a hybrid by its v2 info-hash alone calls it by that.
    if (shared.metainfo->has_v2())
        by_info_hash_[metainfo::truncated(*shared.metainfo->info_hash_v2)] = &torrent;
    torrent.next_rates_report = now + swarm::Choker::round - rates_before_choking;
    if (shared.home == options_.core)
        torrent.trackers.emplace(std::move(trackers),
                                 tracker::TrackerTiers::Options{.complete = torrent.complete()},
                                 Prng(random_()));
    schedule(torrent, now);
    if (torrent.is_at_home()) run_home(torrent, now);
    const auto early = early_messages_.extract(shared.id);
    if (early.empty()) return;
    early_message_count_ -= early.mapped().size();
    for (const CoreMessage& message : early.mapped()) handle_message(message, now);
}

void Session::tell_home(Torrent& torrent, CoreMessage message, Time now) {
    if (torrent.is_at_home()) return handle_message(message, now);
    tell_core(torrent.shared.home, std::move(message));
}

void Session::tell_others(const CoreMessage& message) {
    for (std::uint16_t core = 0; core < options_.core_count; ++core)
        if (core != options_.core.value) tell_core(CoreIndex(core), message);
}

void Session::tell_core(CoreIndex core, CoreMessage message) {
    CoreOutbox& outbox = outboxes_[core.value];
    const std::size_t before = outbox.size();
    outbox.add(std::move(message));
    letters_waiting_ += outbox.size() - before;
}

CoreMessage* Session::next_letter(CoreIndex core) {
    return outboxes_[core.value].front();
}

void Session::handle_letter_taken(CoreIndex core) {
    outboxes_[core.value].pop_front();
    --letters_waiting_;
    if (letters_waiting_ > letters_to_resume) return;
    for (; !held_back_.empty(); held_back_.pop_front())
        if (Connection* const connection = find_open(held_back_.front())) {
            connection->held_back = false;
            if (connection->stage != Stage::closing) put(Receive{connection->id});
        }
}

/// Another core heard of the torrent before this one: its calls and its peers must not be lost, of
/// which there are no more than connections. Stored pieces are read from the shared table when the
/// torrent comes, and rates come again.
void Session::keep_early(TorrentId id, const CoreMessage& message) {
    if (std::holds_alternative<PiecesStored>(message) ||
        std::holds_alternative<PiecesChanged>(message) ||
        std::holds_alternative<PauseChanged>(message) || std::holds_alternative<PeerRates>(message))
        return;
    const bool may_be_lost = std::holds_alternative<OwnAddressSeen>(message) ||
                             std::holds_alternative<PeerInterest>(message) ||
                             std::holds_alternative<SetChoke>(message);
    if (may_be_lost && early_message_count_ >= early_messages_max) return;
    early_messages_[id].push_back(message);
    ++early_message_count_;
}

void Session::handle_message(const CoreMessage& message, Time now) {
    const TorrentId id = std::visit([](const auto& m) { return m.torrent; }, message);
    Torrent* const torrent = this->torrent(id);
    if (torrent == nullptr) return keep_early(id, message);
    if (const auto* call = std::get_if<CallPeer>(&message)) {
        call_peer(*torrent, call->remote, call->patience, now);
    } else if (const auto* choke = std::get_if<SetChoke>(&message)) {
        if (Connection* const peer = find_open(choke->connection, *torrent))
            set_choke(*peer, choke->choke, choke->rate_max_bytes_per_s, now);
    } else if (const auto* drop = std::get_if<DropPeer>(&message)) {
        if (Connection* const peer = find_open(drop->connection, *torrent))
            close(*peer, drop->reason, now);
    } else if (const auto* stored = std::get_if<PiecesStored>(&message)) {
        for (const PieceIndex piece : stored->pieces) {
            if (!torrent->shared.pieces.stored(piece)) continue;  // and lost again
            on_stored_elsewhere(*torrent, piece);
            learn_stored(*torrent, piece, now);
        }
    } else if (const auto* changed = std::get_if<PiecesChanged>(&message)) {
        look_at_pieces(*torrent, changed->pieces, now);
    } else if (std::holds_alternative<PauseChanged>(message)) {
        follow_pause(*torrent, now);
    } else if (std::holds_alternative<HaltTorrent>(message)) {
        halt(*torrent, true, now);
    } else {
        handle_as_home(*torrent, message, now);
    }
}

Home& Session::home_of(Torrent& torrent, Time now) {
    if (torrent.home) return *torrent.home;
    Home::Options options = options_.home;
    if (const std::uint64_t limit = torrent.shared.up_limit.rate_bytes_per_s(); limit > 0)
        options.uplink_bytes_per_s =
            std::min(limit, options.uplink_bytes_per_s > 0 ? options.uplink_bytes_per_s : limit);
    torrent.home =
        std::make_unique<Home>(options, secrets_.table_seed,
                               std::max(now, torrent.next_rates_report + rates_before_choking));
    return *torrent.home;
}

/// What cores tell the home core of the torrent's peers.
void Session::handle_as_home(Torrent& torrent, const CoreMessage& message, Time now) {
    SPATE_ASSERT(torrent.is_at_home());
    Home& home = home_of(torrent, now);
    std::vector<Home::ChokeChange> changes;
    const auto count_peers = [&] {
        torrent.trackers->handle_peer_count(static_cast<std::uint32_t>(home.peer_count()), now);
    };
    if (const auto* joined = std::get_if<PeerJoined>(&message)) {
        const auto verdict = home.on_joined(*joined, options_.peer_id, now);
        if (verdict.drop) drop_peer(torrent, *verdict.drop, verdict.reason, now);
        count_peers();
    } else if (const auto* left = std::get_if<PeerLeft>(&message)) {
        home.on_left(*left, random_, now, changes);
        count_peers();
    } else if (const auto* own = std::get_if<OwnAddressSeen>(&message)) {
        home.on_own_address(*own);
    } else if (const auto* convicted = std::get_if<PeerConvicted>(&message)) {
        home.on_convicted(*convicted);
    } else if (const auto* failed = std::get_if<CallFailed>(&message)) {
        home.on_call_failed(*failed, random_, now);
    } else if (const auto* interest = std::get_if<PeerInterest>(&message)) {
        home.on_interest(*interest, now, changes);
    } else if (const auto* rates = std::get_if<PeerRates>(&message)) {
        home.on_rates(*rates);
    } else if (const auto* found = std::get_if<PeersFound>(&message)) {
        for (const Endpoint& peer : found->peers) home.peers().add(peer, found->named_by_user);
    }
    carry_out(torrent, changes, now);
    schedule(torrent, now);
}

void Session::carry_out(Torrent& torrent, const std::vector<Home::ChokeChange>& changes, Time now) {
    for (const Home::ChokeChange& change : changes) {
        if (change.peer.core != options_.core) {
            tell_core(change.peer.core, SetChoke{torrent.shared.id, change.peer.connection,
                                                 change.choke, change.rate_max_bytes_per_s});
        } else if (Connection* const peer = find_open(change.peer.connection, torrent)) {
            set_choke(*peer, change.choke, change.rate_max_bytes_per_s, now);
        }
    }
}

void Session::drop_peer(Torrent& torrent, swarm::PeerKey peer, DropReason reason, Time now) {
    if (peer.core != options_.core) {
        tell_core(peer.core, DropPeer{torrent.shared.id, peer.connection, reason});
    } else if (Connection* const connection = find_open(peer.connection, torrent)) {
        close(*connection, reason, now);
    }
}

void Session::run_home(Torrent& torrent, Time now) {
    if (torrent.halted) return;
    std::vector<Home::ChokeChange> changes;
    if (torrent.home) torrent.home->rechoke_if_due(torrent.complete(), random_, now, changes);
    carry_out(torrent, changes, now);
    if (const auto order = torrent.trackers->poll_announce(now)) announce(torrent, *order);
    if (!torrent.home) return;
    while (const auto call = torrent.home->next_call(random_, now)) {
        const CoreIndex core(next_call_core_);
        next_call_core_ = static_cast<std::uint16_t>((next_call_core_ + 1) % options_.core_count);
        if (core == options_.core) {
            call_peer(torrent, call->remote, call->patience, now);
        } else {
            tell_core(core, CallPeer{torrent.shared.id, call->remote, call->patience});
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
                                          .tracker_id = order.tracker_id},
                 order.others_wait, order.origin});
}

void Session::handle_announced(TorrentId id, const std::string& url,
                               const tracker::AnnounceResult& result, Time now) {
    Torrent* const torrent = this->torrent(id);
    if (torrent == nullptr || !torrent->is_at_home() || torrent->halted) return;
    if (result) {
        torrent->trackers->handle_response(url, *result, now);
        for (const Endpoint& peer : result->peers) home_of(*torrent, now).peers().add(peer);
        if (!result->warning.empty()) put(TrackerWarning{id, url, result->warning});
    } else {
        torrent->trackers->handle_failure(url, now, result.error().retry_in);
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
    if (torrent.is_at_home() && tell_trackers)
        for (const tracker::AnnounceOrder& order : torrent.trackers->stop(now))
            announce(torrent, order);
    abandon_all(torrent);
    torrent.layer_fetch.reset();
    torrent.layer_proofs.reset();
    torrent_timers_.cancel(torrent.shared.id.value);
}

}  // namespace spate::session
