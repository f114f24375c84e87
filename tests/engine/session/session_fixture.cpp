#include "tests/engine/session/session_fixture.hpp"

#include <algorithm>

namespace spate::session {

metainfo::Metainfo test_content(std::uint32_t pieces, std::uint8_t number) {
    metainfo::Metainfo content;
    content.info_hash.bytes.fill(std::byte{number});
    content.name = "content";
    content.piece_length_bytes = piece_length;
    content.total_bytes = (pieces - 1) * std::uint64_t{piece_length} + block_size_bytes + 1;
    content.piece_hashes.resize(pieces);
    content.files = {{.path = {"content"}, .size_bytes = content.total_bytes}};
    return content;
}

SessionTest::SessionTest() {
    options.peer_id = peer_id(0x77);
    options.listen_port = 6881;
}

SessionTest::~SessionTest() {
    if (!session) return;
    session->close_all(now);
    run();
    for (const auto& peer : peers)
        if (peer->receive) end_receive(*peer, {});
    while (!hashes.empty()) hash_next(false);
    session.reset();
}

void SessionTest::start(bool with_torrent) {
    up = std::make_unique<TokenBucket>(up_limit);
    down = std::make_unique<TokenBucket>(down_limit);
    session = std::make_unique<Session>(options, Session::RateLimits{*up, *down}, memory, now);
    if (with_torrent) add_torrent(test_content(piece_count));
}

SharedTorrent& SessionTest::add_torrent(metainfo::Metainfo content, TorrentId id) {
    torrents.push_back(std::make_unique<SharedTorrent>(
        id, CoreIndex(0), std::make_shared<const metainfo::Metainfo>(std::move(content))));
    SharedTorrent& shared = *torrents.back();
    if (seeding)
        for (std::uint32_t i = 0; i < shared.pieces.size(); ++i)
            shared.pieces.set_stored(PieceIndex(i));
    shared.play = play;
    shared.up_limit.set_rate(torrent_up_limit);
    shared.down_limit.set_rate(torrent_down_limit);
    session->add_torrent(shared, trackers, now);
    run();
    return shared;
}

wire::Handshake SessionTest::handshake_of(std::uint8_t number, PeerOptions flags) const {
    return {.info_hash = torrents[flags.torrent]->metainfo->info_hash,
            .peer_id = peer_id(number),
            .extensions = flags.extensions,
            .fast = flags.fast};
}

TestPeer& SessionTest::accept() {
    const std::uint8_t number = next_peer_++;
    const std::byte address[]{std::byte{10}, std::byte{0}, std::byte{0}, std::byte{number}};
    const Endpoint remote{IpAddress(address), 40'000};
    const auto id = session->handle_accepted(remote, now);
    if (!id) throw std::runtime_error("the session took no connection");
    peers.push_back(std::make_unique<TestPeer>(*id, remote));
    return *peers.back();
}

TestPeer& SessionTest::connect_peer(PeerOptions flags) {
    const std::uint8_t number = next_peer_;
    TestPeer& peer = accept();
    say(peer, handshake(handshake_of(number, flags)));
    return peer;
}

TestPeer& SessionTest::connect_seed(PeerOptions flags) {
    TestPeer& peer = connect_peer(flags);
    Bitfield all(torrents[flags.torrent]->pieces.size());
    all.set_all();
    say(peer, bitfield(all) + message(wire::MessageId::unchoke));
    return peer;
}

TestPeer& SessionTest::answer_call() {
    const Connect call = calls.front();
    calls.pop_front();
    peers.push_back(std::make_unique<TestPeer>(call.connection, call.remote));
    session->handle_connected(call.connection, now);
    run();
    return *peers.back();
}

void SessionTest::say(TestPeer& peer, const ByteVector& bytes) {
    session->handle_received(peer.id, bytes, now);
    run();
}

void SessionTest::hang_up(TestPeer& peer) {
    session->handle_disconnected(peer.id, now);
    run();
}

void SessionTest::answer_requests(TestPeer& peer) {
    for (const BlockRef block : std::exchange(peer.requests, {})) say(peer, piece(block));
}

bool SessionTest::begin_receive(TestPeer& peer) {
    peer.receive = std::make_unique<wire::ReceivePlan>();
    if (session->plan_receive(peer.id, *peer.receive)) return true;
    peer.receive.reset();
    return false;
}

void SessionTest::end_receive(TestPeer& peer, const ByteVector& bytes) {
    Bytes rest = bytes;
    for (const MutableBytes segment : peer.receive->segments()) {
        const std::size_t count = std::min(segment.size(), rest.size());
        std::ranges::copy(rest.first(count), segment.begin());
        rest = rest.subspan(count);
    }
    SPATE_ASSERT(rest.empty());
    session->handle_planned(peer.id, *peer.receive, bytes.size(), now);
    peer.receive.reset();
    end_if_idle(peer);
    run();
}

void SessionTest::hash_next(bool matches) {
    const HashPiece order = hashes.front();
    hashes.pop_front();
    session->handle_piece_hashed(order.torrent, order.piece, matches, now);
    run();
}

void SessionTest::write_next() {
    const WritePiece order = writes.front();
    writes.pop_front();
    session->handle_piece_written(order.torrent, order.piece, now);
    run();
}

void SessionTest::advance(Duration duration) {
    const Time end = now + duration;
    while (const auto next = session->next_timeout()) {
        if (*next > end) break;
        now = std::max(now + 1ms, *next);
        session->handle_timeout(now);
        run();
    }
    now = std::max(now, end);
}

TestPeer* SessionTest::find(ConnectionId id) {
    const auto found =
        std::ranges::find_if(peers, [&](const auto& peer) { return peer->id == id; });
    return found == peers.end() ? nullptr : found->get();
}

void SessionTest::transmit(TestPeer& peer) {
    SendPlan plan;
    while (session->take_send(peer.id, plan, now)) {
        peer.take_control(plan.control);
        peer.blocks.insert(peer.blocks.end(), plan.blocks.begin(),
                           plan.blocks.begin() + static_cast<std::ptrdiff_t>(plan.block_count));
        session->handle_sent(peer.id, plan, now);
    }
}

void SessionTest::end_if_idle(TestPeer& peer) {
    if (peer.closed && !peer.receive) session->handle_closed(peer.id);
}

void SessionTest::carry_out(Output& output) {
    std::visit(
        [&]<class Kind>(Kind& o) {
            using std::is_same_v;
            if constexpr (is_same_v<Kind, Connect>) calls.push_back(o);
            if constexpr (is_same_v<Kind, HashPiece>) hashes.push_back(o);
            if constexpr (is_same_v<Kind, WritePiece>) writes.push_back(o);
            if constexpr (is_same_v<Kind, Announce>) announces.push_back(o);
            if constexpr (is_same_v<Kind, CheckMetadata>) metadata.push_back(o);
            if constexpr (is_same_v<Kind, LayersReady>) layers.push_back(o);
            if constexpr (is_same_v<Kind, TorrentComplete>) completed.push_back(o);
            if constexpr (is_same_v<Kind, TorrentFailed>) failed.push_back(o);
            if constexpr (is_same_v<Kind, DownloadPaused>) paused.push_back(o);
            if constexpr (is_same_v<Kind, DownloadResumed>) resumed.push_back(o);
            if constexpr (is_same_v<Kind, TrackerWarning>) warnings.push_back(o);
            if constexpr (is_same_v<Kind, Transmit>) transmit(*find(o.connection));
            if constexpr (is_same_v<Kind, Receive>) ++find(o.connection)->resumed_receives;
            if constexpr (is_same_v<Kind, CancelReceive>) ++find(o.connection)->cancelled_receives;
            if constexpr (is_same_v<Kind, Close>) {
                if (TestPeer* const peer = find(o.connection)) {
                    peer->closed = true;
                    end_if_idle(*peer);
                } else {
                    session->handle_closed(o.connection);  // a call that nobody answered
                }
            }
        },
        output);
}

void SessionTest::run() {
    while (auto output = session->poll_output()) carry_out(*output);
    if (takes_letters)
        for (std::uint16_t core = 0; core < options.core_count; ++core)
            take_letters(CoreIndex(core));
}

void SessionTest::take_letters(CoreIndex core) {
    while (CoreMessage* const letter = session->next_letter(core)) {
        to_cores.push_back(std::move(*letter));
        session->handle_letter_taken(core);
    }
    while (auto output = session->poll_output()) carry_out(*output);
}

}  // namespace spate::session
