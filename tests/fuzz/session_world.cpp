// The driver's side of SessionWorld.
#include "tests/fuzz/session_world.hpp"

#include <algorithm>
#include <array>

#include "engine/base/assert.hpp"

namespace spate::fuzz {

using metainfo::TorrentVersion;
using session::Session;

namespace {

constexpr std::size_t lines_max = 12;
constexpr std::array<Duration, 8> waits{0ms, 1ms, 60ms, 500ms, 2s, 13s, 70s, 300s};
constexpr std::array<std::uint64_t, 4> rates_bytes_per_s{0, 0, 0, 30'000};

}  // namespace

SessionWorld::SessionWorld(Bytes input)
    : input_(input),
      content_(SessionContent::of(static_cast<TorrentVersion>(below(3)))),
      up_(rates_bytes_per_s[below(4)]),
      down_(rates_bytes_per_s[below(4)]) {
    const std::uint8_t flags = byte();
    magnet_ = (flags & 1) != 0;
    cores_.resize((flags & 2) != 0 ? 2 : 1);
    session::SessionOptions options;
    options.core_count = static_cast<std::uint16_t>(cores_.size());
    options.peer_id.bytes.fill(std::byte{0x77});
    options.listen_port = 6881;
    options.super_seed = (flags & 4) != 0;
    if ((flags & 8) != 0) options.buffer_budget_bytes = 80'000;
    if ((flags & 16) != 0) options.connections_max = 4;
    options.piece_mode =
        (flags & 32) != 0 ? swarm::PieceMode::in_order : swarm::PieceMode::rarest_first;
    for (std::size_t core = 0; core < cores_.size(); ++core) {
        options.core = CoreIndex(static_cast<std::uint16_t>(core));
        options.seed = core + 1;
        cores_[core].session = std::make_unique<Session>(options, Session::RateLimits{up_, down_},
                                                         cores_[core].memory, now_);
    }
    add_torrent(TorrentId(0), magnet_ ? content_.magnet() : content_.metainfo());
    drain();
}

SessionWorld::~SessionWorld() = default;

void SessionWorld::add_torrent(TorrentId id, std::shared_ptr<const metainfo::Metainfo> metainfo) {
    const CoreIndex home(static_cast<std::uint16_t>(id.value % cores_.size()));
    torrents_.push_back(std::make_unique<session::SharedTorrent>(id, home, std::move(metainfo)));
    session::SharedTorrent& shared = *torrents_.back();
    const std::uint8_t stored = byte();
    for (std::uint32_t piece = 0; piece < shared.pieces.size(); ++piece)
        if ((stored >> piece & 1) != 0) shared.pieces.set_stored(PieceIndex(piece));
    if ((stored & 0xc0) == 0xc0) shared.play = {.rate_bytes_per_s = 50'000};
    for (std::size_t core = 0; core < cores_.size(); ++core) {
        std::vector<std::vector<std::string>> trackers;
        if (core == home.value) trackers.push_back({"http://a/announce", "http://b/announce"});
        cores_[core].session->add_torrent(shared, std::move(trackers), now_);
    }
}

SessionWorld::Line* SessionWorld::any_line() {
    return lines_.empty() ? nullptr : lines_[below(lines_.size())].get();
}

SessionWorld::Line* SessionWorld::find(std::uint8_t core, ConnectionId id) {
    const auto found = std::ranges::find_if(
        lines_, [&](const auto& line) { return line->core == core && line->id == id; });
    return found == lines_.end() ? nullptr : found->get();
}

bool SessionWorld::step() {
    const auto choice = input_.read<std::uint8_t>();
    if (!choice) return false;
    abrupt_ = *choice >= 224;
    switch (*choice % 32) {
        case 0:
        case 1:
            accept();
            break;
        case 2:
            answer_call();
            break;
        case 3:
            hang_up();
            break;
        case 4:
            begin_receive();
            break;
        case 5:
            if (Line* const line = any_line(); line != nullptr && line->receive)
                end_receive(*line, {});
            break;
        case 6:
        case 7:
        case 8:
            end_send();
            break;
        case 9:
        case 10:
            hash_one(any_core());
            break;
        case 11:
        case 12:
            write_one(any_core());
            break;
        case 13:
            check_metadata_one(any_core());
            break;
        case 14:
            announce_one(any_core());
            break;
        case 15:
            post_one(below(cores_.size()));
            break;
        case 16:
            deliver_one(below(cores_.size()));
            break;
        case 17:
        case 18:
        case 19:
            pass_time();
            break;
        case 20:
            trouble();
            break;
        default:
            speak();
            break;
    }
    // A driver carries out what came of several inputs together.
    if (*choice < 192) drain();
    return true;
}

void SessionWorld::step(Bytes input) {
    input_ = ByteReader(input);
    (void)step();
}

// --- Outputs

void SessionWorld::drain() {
    for (std::size_t core = 0; core < cores_.size(); ++core)
        while (auto output = cores_[core].session->poll_output())
            execute(static_cast<std::uint8_t>(core), *output);
    forget_closed();
}

void SessionWorld::execute(std::uint8_t core, session::Output& output) {
    Core& here = cores_[core];
    std::visit(
        [&]<class Kind>(Kind& order) {
            using std::is_same_v;
            if constexpr (is_same_v<Kind, session::Connect>) {
                lines_.push_back(std::make_unique<Line>());
                lines_.back()->id = order.connection;
                lines_.back()->core = core;
            }
            if constexpr (is_same_v<Kind, session::Transmit>)
                if (Line* const line = find(core, order.connection)) begin_send(*line);
            if constexpr (is_same_v<Kind, session::Close>) {
                Line* const line = find(core, order.connection);
                SPATE_ASSERT(line != nullptr && !line->closing);
                line->closing = true;
                close_if_idle(*line);
            }
            if constexpr (is_same_v<Kind, session::HashPiece>) here.hashes.push_back(order);
            if constexpr (is_same_v<Kind, session::WritePiece>) here.writes.push_back(order);
            if constexpr (is_same_v<Kind, session::CheckMetadata>)
                here.metadata.push_back(std::move(order));
            if constexpr (is_same_v<Kind, session::Announce>) here.announces.push_back(order);
            if constexpr (is_same_v<Kind, session::LayersReady>) {
                here.session->retire_torrent(order.torrent, now_);
                if (!ending_ && torrents_.size() == 1)
                    add_torrent(TorrentId(1), content_.metainfo());
            }
        },
        output);
}

/// Nothing of it is in flight any more.
void SessionWorld::close_if_idle(Line& line) {
    if (!line.closing || line.receive || line.send || line.id == ConnectionId(~0U)) return;
    session_of(line).handle_closed(line.id);
    line.id = ConnectionId(~0U);  // the id may be used again
}

void SessionWorld::forget_closed() {
    std::erase_if(lines_, [](const auto& line) { return line->id == ConnectionId(~0U); });
}

// --- Connections

void SessionWorld::accept() {
    if (lines_.size() >= lines_max) return;
    const std::uint8_t core = below(cores_.size());
    const auto id = cores_[core].session->handle_accepted(any_address(), now_);
    if (!id) return;
    auto line = std::make_unique<Line>();
    line->id = *id;
    line->core = core;
    line->connected = true;
    lines_.push_back(std::move(line));
    const std::uint8_t choice = byte();
    if (choice < 32) return;
    const auto words = wire::encode(any_handshake());
    say(*lines_.back(), Bytes(words));
}

void SessionWorld::answer_call() {
    for (const auto& line : lines_) {
        if (line->connected || line->closing) continue;
        line->connected = true;
        if (byte() % 4 == 0) return session_of(*line).handle_disconnected(line->id, now_);
        session_of(*line).handle_connected(line->id, now_);
        return;
    }
}

void SessionWorld::hang_up() {
    Line* const line = any_line();
    if (line != nullptr && !line->closing) lose(*line);
}

void SessionWorld::lose(Line& line) {
    // Its receive ends with nothing, and that is how the driver learns of it.
    if (line.receive) end_receive(line, {});
    if (!line.closing) session_of(line).handle_disconnected(line.id, now_);
}

// --- Receiving

void SessionWorld::begin_receive() {
    Line* const line = any_line();
    if (line == nullptr || line->receive || line->closing || !line->connected) return;
    if (!session_of(*line).may_receive(line->id, now_)) return;
    (void)session_of(*line).should_await_bytes(line->id);
    auto plan = std::make_unique<wire::ReceivePlan>();
    if (session_of(*line).plan_receive(line->id, *plan)) line->receive = std::move(plan);
}

void SessionWorld::end_receive(Line& line, Bytes bytes) {
    const std::size_t count = bytes.size();
    for (const MutableBytes segment : line.receive->segments()) {
        const std::size_t part = std::min(segment.size(), bytes.size());
        std::ranges::copy(bytes.first(part), segment.begin());
        bytes = bytes.subspan(part);
    }
    SPATE_ASSERT(bytes.empty());
    const std::unique_ptr<wire::ReceivePlan> plan = std::move(line.receive);
    session_of(line).handle_planned(line.id, *plan, count, now_);
    close_if_idle(line);
}

/// As much as comes through; the rest is lost with the connection or left in its socket.
void SessionWorld::say(Line& line, Bytes bytes) {
    while (!bytes.empty() && line.connected && !line.closing) {
        Bytes part = bytes;
        if (line.receive) {
            std::size_t room = 0;
            for (const MutableBytes segment : line.receive->segments()) room += segment.size();
            part = bytes.first(std::min(room, bytes.size()));
            end_receive(line, part);
        } else {
            if (!session_of(line).may_receive(line.id, now_)) return;
            session_of(line).handle_received(line.id, part, now_);
        }
        bytes = bytes.subspan(part.size());
    }
}

// --- Sending

void SessionWorld::begin_send(Line& line) {
    if (line.send || !line.connected || line.closing) return;
    session::SendPlan plan;
    if (!session_of(line).take_send(line.id, plan, now_)) return;
    hear(line, plan);
    line.send = std::move(plan);
}

void SessionWorld::end_send() {
    Line* const line = any_line();
    if (line == nullptr || !line->send) return;
    const std::uint8_t how = below(8);
    if (abrupt_ && !line->closing) lose(*line);
    // As the driver does: it may not have heard yet that the session has closed it.
    if (how == 0 && !line->closing && line->send->block_count > 0)
        return session_of(*line).handle_cold_read(line->id, *line->send);
    session::SendPlan plan = std::move(*line->send);
    line->send.reset();
    if (line->closing) return close_if_idle(*line);
    if (how == 2) return session_of(*line).give_back_send(line->id, plan);
    if (how == 1) return session_of(*line).handle_disconnected(line->id, now_);
    session_of(*line).handle_sent(line->id, plan, now_);
    begin_send(*line);
}

// --- Pieces, metadata, trackers

void SessionWorld::hash_one(Core& core) {
    if (core.hashes.empty()) return;
    const std::size_t index = below(core.hashes.size());
    const session::HashPiece order = core.hashes[index];
    core.hashes.erase(core.hashes.begin() + static_cast<std::ptrdiff_t>(index));
    SPATE_ASSERT(!core.session->buffers().pinned(order.buffer));
    const Bytes piece = core.session->buffers().table().at(order.buffer).first(order.size_bytes);
    const bool matches = std::ranges::equal(piece, content_.piece(order.piece));
    core.session->handle_piece_hashed(order.torrent, order.piece, matches, now_);
}

void SessionWorld::write_one(Core& core) {
    if (core.writes.empty()) return;
    const std::size_t index = below(core.writes.size());
    const session::WritePiece order = core.writes[index];
    core.writes.erase(core.writes.begin() + static_cast<std::ptrdiff_t>(index));
    const Bytes piece = core.session->buffers().table().at(order.buffer).first(order.size_bytes);
    SPATE_ASSERT(std::ranges::equal(piece, content_.piece(order.piece)));
    if (!ending_ && byte() == 255) core.session->fail_torrent(order.torrent, "disk full", now_);
    core.session->handle_piece_written(order.torrent, order.piece, now_);
}

void SessionWorld::check_metadata_one(Core& core) {
    if (core.metadata.empty()) return;
    session::CheckMetadata order = std::move(core.metadata.front());
    core.metadata.pop_front();
    Session& session = *core.session;
    const bool matches = std::ranges::equal(order.info_bytes, content_.info_bytes());
    session.handle_metadata_checked(order.torrent, matches, now_);
    if (!matches) return;
    const auto missing = metainfo::missing_layers(order.info_bytes);
    SPATE_ASSERT(missing.has_value());
    if (!missing->layers.empty())
        return session.fetch_layers(order.torrent, std::move(order.info_bytes), *missing, now_);
    (void)session.known_peers(order.torrent);
    session.retire_torrent(order.torrent, now_);
    if (!ending_ && torrents_.size() == 1) add_torrent(TorrentId(1), content_.metainfo());
}

void SessionWorld::announce_one(Core& core) {
    if (core.announces.empty()) return;
    const session::Announce order = std::move(core.announces.front());
    core.announces.pop_front();
    tracker::AnnounceResult result = std::unexpected(
        tracker::TrackerFailure{tracker::TrackerFailureKind::timed_out, "silent", std::nullopt});
    const std::uint8_t peers = byte();
    if (!ending_ && peers < 200) {
        tracker::AnnounceResponse response;
        response.interval = 30min;
        for (std::uint8_t i = 0; i < peers % 5; ++i) response.peers.push_back(any_address());
        result = std::move(response);
    }
    core.session->handle_announced(order.torrent, order.url, result, now_);
}

/// From the session of one core to the mailbox of the other.
void SessionWorld::post_one(std::size_t to) {
    const CoreIndex core(static_cast<std::uint16_t>(to));
    for (Core& from : cores_) {
        session::CoreMessage* const letter = from.session->next_letter(core);
        if (letter == nullptr) continue;
        cores_[to].mail.push_back(std::move(*letter));
        from.session->handle_letter_taken(core);
    }
}

void SessionWorld::deliver_one(std::size_t to) {
    Core& core = cores_[to];
    if (core.mail.empty()) return;
    const session::CoreMessage message = std::move(core.mail.front());
    core.mail.pop_front();
    core.session->handle_message(message, now_);
}

void SessionWorld::pass_time() {
    const std::uint8_t choice = byte();
    now_ += waits[choice % waits.size()];
    for (Core& core : cores_) {
        if (const auto next = core.session->next_timeout(); choice >= 128 && next)
            now_ = std::max(now_, *next);
        core.session->handle_timeout(now_);
    }
}

void SessionWorld::trouble() {
    const std::uint8_t choice = byte();
    const TorrentId torrent(static_cast<std::uint32_t>(choice % torrents_.size()));
    if (choice < 100) return any_core().session->close_newest_idle(now_);
    if (choice < 200) return;  // the rest of the input is of little use afterwards
    if (choice < 220) return any_core().session->fail_torrent(torrent, "files are gone", now_);
    for (Core& core : cores_) core.session->stop_torrent(torrent, now_);
}

// --- The end

void SessionWorld::finish() {
    ending_ = true;
    for (Core& core : cores_) {
        for (std::uint32_t id = 0; id < torrents_.size(); ++id)
            core.session->stop_torrent(TorrentId(id), now_);
        core.session->close_all(now_);
    }
    drain();
    for (bool busy = true; busy;) {
        for (const auto& line : lines_) {
            if (line->receive) end_receive(*line, {});
            line->send.reset();
            close_if_idle(*line);
        }
        drain();  // what waited for a receive is to be hashed now
        busy = !lines_.empty();
        for (std::size_t core = 0; core < cores_.size(); ++core) {
            Core& here = cores_[core];
            post_one(core);
            busy |= !here.hashes.empty() || !here.writes.empty() || !here.mail.empty() ||
                    here.session->letters_waiting() > 0;
            hash_one(here);
            write_one(here);
            deliver_one(core);
        }
        drain();
    }
    check_ended();
}

void SessionWorld::check_ended() const {
    for (const Core& core : cores_) {
        SPATE_ASSERT(core.session->connection_count() == 0);
        SPATE_ASSERT(core.session->buffers().in_use() == 0);
    }
    for (const auto& shared : torrents_) {
        SPATE_ASSERT(shared->availability.seeds() == 0);
        SPATE_ASSERT(shared->counters.seeds == 0 && shared->counters.peers == 0);
        for (std::uint32_t piece = 0; piece < shared->pieces.size(); ++piece)
            SPATE_ASSERT(shared->availability.count(PieceIndex(piece)) == 0);
    }
}

}  // namespace spate::fuzz
