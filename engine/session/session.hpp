#pragma once
// engine/session/session.hpp: one core's share of everything: torrents, peers, timers.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"
#include "engine/base/siphash.hpp"
#include "engine/base/time.hpp"
#include "engine/base/timer_wheel.hpp"
#include "engine/base/token_bucket.hpp"
#include "engine/session/connection_table.hpp"
#include "engine/session/core_message.hpp"
#include "engine/session/core_outbox.hpp"
#include "engine/session/drop_reason.hpp"
#include "engine/session/output.hpp"
#include "engine/session/peer_waits.hpp"
#include "engine/session/rate_waiters.hpp"
#include "engine/session/shared_torrent.hpp"
#include "engine/session/stage_latencies.hpp"
#include "engine/session/torrent.hpp"
#include "engine/swarm/allowed_fast.hpp"
#include "engine/swarm/piece_buffers.hpp"

namespace spate::session {

/// What strangers mustn't guess. Each is drawn apart from the system's random source: what a peer
/// may learn of one, or of the pseudo-random numbers that it sees the effects of, tells nothing of
/// the others.
struct SessionSecrets {
    SipKey digest_key{};           // of blocks that are compared to convict liars
    std::uint64_t table_seed = 0;  // of tables whose keys peers choose
};

struct SessionOptions {
    CoreIndex core;
    std::uint16_t core_count = 1;
    PeerId peer_id;
    std::uint16_t listen_port = 0;          // told to trackers
    std::uint32_t tracker_key = 0;          // the same for all cores
    std::uint32_t connections_max = 4'000;  // of this core; half of them calls at most
    Home::Options home;
    std::uint64_t buffer_budget_bytes = 256ULL << 20;
    bool loopback_only = false;  // accept and call only loopback peers
    swarm::PieceMode piece_mode = swarm::PieceMode::rarest_first;
    /// Torrents that are complete from the start are given away piece by piece (BEP 16).
    bool super_seed = false;
    /// Pieces that a newcomer may have though it is choked (BEP 6); never more than a hundredth of
    /// the torrent.
    std::uint32_t allowed_fast_pieces = swarm::allowed_fast_max;
    std::uint64_t seed = 0;  // of the pseudo-random generator
    /// None: they follow from the seed, so that a simulation is the same each time.
    std::optional<SessionSecrets> secrets{};
    StageLatencies* latencies = nullptr;  // the core's; outlives the session. None: not recorded
};

/// The BitTorrent engine of one core, as a state machine: inputs are its handle_ functions, outputs
/// come from poll_output(), the next instant it wants to run is next_timeout(). It does no I/O,
/// reads no clock and starts no thread; a driver does. Payload is named by buffer and range and
/// never passes through. Sessions of one process share SharedTorrent and the rate limits, and talk
/// by CoreMessage. One thread.
class Session {
public:
    struct RateLimits {  // of the process
        TokenBucket& up;
        TokenBucket& down;
    };

    /// Messages for torrents that this core hasn't heard of yet. Each connection of another core
    /// makes two or three in the moments that it takes the torrent to get here.
    static constexpr std::size_t early_messages_max = 32'768;
    /// While more letters wait for other cores, nothing is received from peers, which cause most of
    /// them; until so few are left.
    static constexpr std::size_t letters_waiting_max = 4'096;
    static constexpr std::size_t letters_to_resume = letters_waiting_max / 2;

    Session(SessionOptions options, RateLimits limits, swarm::PayloadMemory& memory, Time now);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    // --- Torrents. Every core is given each torrent; the home core gets the trackers with it.
    void add_torrent(SharedTorrent& torrent, tracker::TrackerList trackers, Time now);
    /// The user ends the torrent: connections close, trackers are told.
    void stop_torrent(TorrentId torrent, Time now);
    /// Ends without a word to the trackers: its metadata is here, and another torrent takes over.
    void retire_torrent(TorrentId torrent, Time now);
    /// Addresses of the torrent's peers, on its home core.
    std::vector<Endpoint> known_peers(TorrentId torrent) const;
    /// Its files failed for good: it ends with a reason for the user; other torrents go on.
    void fail_torrent(TorrentId torrent, std::string reason, Time now);

    // --- Files that fail for a while, or change under us.
    /// What is written on this core fails: on all cores the torrent asks for nothing and gives up
    /// what it has begun, until resume_download(), which each core that called this calls once.
    void pause_download(TorrentId torrent, std::string reason, Time now);
    void resume_download(TorrentId torrent, Time now);
    /// The files aren't any more what these pieces were found in: those that were stored are so no
    /// more, peers are told, and nobody gets them, until settle_pieces(). Yields how many were.
    std::size_t doubt_pieces(TorrentId torrent, const std::vector<PieceIndex>& pieces, Time now);
    /// What a check found of pieces in doubt.
    void settle_pieces(TorrentId torrent, const PiecesChecked& checked, Time now);

    // --- Connections.
    /// Empty when it isn't wanted; the driver closes the socket then.
    std::optional<ConnectionId> handle_accepted(const Endpoint& remote, Time now);
    void handle_connected(ConnectionId id, Time now);
    /// Call failed, end of stream, reset, or an error while sending.
    void handle_disconnected(ConnectionId id, Time now);
    /// After Close, once nothing of the connection is in flight.
    void handle_closed(ConnectionId id);
    /// The process ends: what has no torrent yet goes too.
    void close_all(Time now);

    /// The process has no descriptor left: of the connections that give and take nothing the one
    /// that was made last is closed.
    void close_newest_idle(Time now);

    // --- Receiving. At most one receive a connection is in flight.
    /// False while a download limit is used up or too many letters wait; Receive says when to go
    /// on.
    bool may_receive(ConnectionId id, Time now);
    /// The next bytes will take memory, of which much is in use: better call plan_receive() only
    /// when they are there.
    bool should_await_bytes(ConnectionId id) const;
    /// True: receive into the plan and call handle_planned(); false: receive linearly.
    bool plan_receive(ConnectionId id, wire::ReceivePlan& plan);
    void handle_planned(ConnectionId id, wire::ReceivePlan& plan, std::size_t count, Time now);
    void handle_received(ConnectionId id, Bytes bytes, Time now);

    // --- Sending. At most one send a connection is in flight.
    /// Fills `plan` with what to send now. False when there is nothing, or an upload limit says
    /// wait.
    bool take_send(ConnectionId id, SendPlan& plan, Time now);
    /// Payload of the plan had to be read from a disk. Its pieces are suggested to some others that
    /// are served and want them, with what they are sent next (BEP 6): one read for several.
    void handle_cold_read(ConnectionId id, const SendPlan& plan);
    /// Nothing of the plan was sent, nor will be: it waits again, before what came meanwhile.
    void give_back_send(ConnectionId id, SendPlan& plan);
    /// The whole plan was sent.
    void handle_sent(ConnectionId id, const SendPlan& plan, Time now);

    // --- Pieces.
    void handle_piece_hashed(TorrentId torrent, PieceIndex piece, bool matches, Time now);
    void handle_piece_written(TorrentId torrent, PieceIndex piece, Time now);
    /// It could not be written: it is missing again.
    void handle_piece_unwritten(TorrentId torrent, PieceIndex piece, Time now);
    /// After CheckMetadata. When it matches, the driver goes on with a torrent that has the
    /// metadata.
    void handle_metadata_checked(TorrentId torrent, bool matches, Time now);
    /// The dictionary matches, and is of a v2-only torrent whose piece layers are to be got from
    /// its peers (BEP 52): LayersReady follows, with the dictionary.
    void fetch_layers(TorrentId torrent, std::vector<std::byte> info_bytes,
                      const metainfo::MissingLayers& missing, Time now);

    // --- Trackers and other cores.
    void handle_announced(TorrentId torrent, const std::string& url,
                          const tracker::AnnounceResult& result, Time now);
    void handle_message(const CoreMessage& message, Time now);

    void handle_timeout(Time now);
    std::optional<Time> next_timeout() const;
    /// At most a few for each connection, each piece in memory and each torrent.
    std::optional<Output> poll_output();
    /// The oldest message to the other core; nullptr when there is none. Once the other core has
    /// it, handle_letter_taken(); until then it may still change.
    CoreMessage* next_letter(CoreIndex core);
    void handle_letter_taken(CoreIndex core);
    std::size_t letters_waiting() const { return letters_waiting_; }  // for all cores

    // --- For the ledger and for tests.
    const DropCounts& drop_counts() const { return drop_counts_; }
    std::size_t connection_count() const { return connections_.size(); }
    std::uint64_t connections_total() const { return connections_total_; }
    std::uint64_t bytes_copied() const { return bytes_copied_; }
    const PeerWaits& peer_waits() const { return peer_waits_; }
    const swarm::PieceBuffers& buffers() const { return buffers_; }
    const Torrent* find_torrent(TorrentId id) const;
    const Connection* find_connection(ConnectionId id) const { return connections_.find(id); }

private:
    using Stage = Connection::Stage;

    // session_connections.cpp: from the call to the close.
    void establish(Connection& connection, const wire::Handshake& theirs, Time now);
    void send_handshake(Connection& connection, const InfoHash& info_hash);
    void greet(Connection& connection);
    void close(Connection& connection, DropReason reason, Time now);
    void leave_torrent(Connection& connection, DropReason reason, Time now);
    void unpin(Connection& connection);
    void close_if_both_complete(Connection& connection, Time now);

    // session.cpp: what a peer said.
    void handle_events(Connection& connection, bool intact, Time now);
    void handle_event(Connection& connection, const wire::Event& event, Time now);
    void on_choke(Connection& connection);
    void on_have(Connection& connection, PieceIndex piece, Time now);
    void on_bitfield(Connection& connection, const wire::Event& event, Time now);
    void on_interest(Connection& connection, bool interested, Time now);
    void count_as_seed(Connection& connection);
    void forget_pieces(Connection& connection);
    void update_interest(Connection& connection);

    // session_offers.cpp: what we tell newcomers to have.
    void offer_pieces(Connection& connection);
    void reveal_piece(Connection& connection);
    void grant_allowed_fast(Connection& connection);
    bool may_have_fast(const Connection& connection, BlockRef block) const;
    void advance_super_seeding(Torrent& torrent);
    void pass_on_have(Torrent& torrent, const Connection& from, PieceIndex piece);

    // session_extensions.cpp
    void on_dont_have(Connection& connection, Bytes body, Time now);
    void tell_upload_only(Connection& connection);
    void send_extension_handshake(Connection& connection);
    void on_extended(Connection& connection, const wire::Extended& message, Time now);
    void on_extension_handshake(Connection& connection, Bytes body, Time now);
    void on_metadata_message(Connection& connection, Bytes body, Time now);
    void request_metadata(Connection& connection, Time now);
    void serve_metadata(Connection& connection, std::uint32_t piece);

    // session_hashes.cpp
    void request_hashes(Connection& connection, Time now);
    void on_hash_request(Connection& connection, const HashRef& range);
    void on_hashes(Connection& connection, const wire::Hashes& message, Time now);
    void on_hash_reject(Connection& connection, const HashRef& range, Time now);

    // session_requests.cpp: what we ask for and get.
    void fetch_ahead(const Connection& connection) const;
    void fill_requests(Connection& connection, Time now);
    void share(Torrent& torrent, const Connection& newest, BlockRef block);
    void on_block(Connection& connection, BlockRef block, Time now);
    void on_block_discarded(Connection& connection, BlockRef block, Time now);
    void on_reject(Connection& connection, BlockRef block, Time now);
    void cancel_elsewhere(Torrent& torrent, const Connection& winner, BlockRef block);
    void give_up_requests(Connection& connection);
    void check_silence(Connection& connection, Time now);
    void feed_starved(Time now);
    void feed_hungry(Torrent& torrent, Time now);

    // session_pieces.cpp: from the last block to the HAVE.
    void verify_if_unpinned(Torrent& torrent, swarm::PartialPiece& partial);
    std::vector<std::uint64_t> block_digests(const swarm::PartialPiece& partial) const;
    swarm::SmartBan::Attempt describe_attempt(const Torrent& torrent,
                                              const swarm::PartialPiece& partial) const;
    void stop_sharing(const swarm::PartialPiece& partial);
    void on_false_piece(Torrent& torrent, swarm::PartialPiece& partial, Time now);
    void convict(Torrent& torrent, const swarm::SmartBan::Source& liar, Time now);
    void drop_partial(Torrent& torrent, PieceIndex piece);
    void abandon(Torrent& torrent, swarm::PartialPiece& partial);
    void abandon_all(Torrent& torrent);
    void cut_receives_short(Torrent& torrent, BufferId buffer);
    void settle_waiting(Torrent& torrent);
    void on_stored_elsewhere(Torrent& torrent, PieceIndex piece);
    void learn_stored(Torrent& torrent, PieceIndex piece, Time now);
    void send_haves(Torrent& torrent, Time now);
    void on_complete(Torrent& torrent, Time now);

    // session_serve.cpp: what we are asked for.
    /// It is stored, and this core's peers may know.
    static bool is_offered(const Torrent& torrent, PieceIndex piece) {
        return torrent.known_stored.test(piece.value) && torrent.shared.pieces.stored(piece);
    }
    void on_request(Connection& connection, BlockRef block, Time now);
    void on_cancel(Connection& connection, BlockRef block);
    void set_choke(Connection& connection, bool choke, std::uint64_t rate_max_bytes_per_s,
                   Time now);
    void suggest(Torrent& torrent, PieceIndex piece, const Connection& reader);
    void take_blocks(Connection& connection, SendPlan& plan, Time now);
    static void adapt_send_size(Connection& connection, std::uint64_t bytes, Time now);

    // session_files.cpp: what files, descriptors and memory fail us with.
    bool may_still_upload(const Connection& connection, BlockRef block) const;
    void follow_pause(Torrent& torrent, Time now);
    void cancel_requests(Connection& connection);
    void look_for_work(Torrent& torrent, Time now);
    void look_at_pieces(Torrent& torrent, const std::vector<PieceIndex>& pieces, Time now);
    void want_again(Torrent& torrent, PieceIndex piece, Time now);
    void unlearn_stored(Torrent& torrent, const std::vector<PieceIndex>& lost, Time now);
    void tell_lost(Connection& connection, const std::vector<PieceIndex>& lost, Time now);

    // session_home.cpp: home duties and messages between cores.
    void set_preferences(Torrent& torrent, Time now);
    void follow_playback(Torrent& torrent, Time now);
    void tell_home(Torrent& torrent, CoreMessage message, Time now);
    void tell_others(const CoreMessage& message);
    void tell_core(CoreIndex core, CoreMessage message);
    void keep_early(TorrentId id, const CoreMessage& message);
    Home& home_of(Torrent& torrent, Time now);
    void handle_as_home(Torrent& torrent, const CoreMessage& message, Time now);
    void run_home(Torrent& torrent, Time now);
    void carry_out(Torrent& torrent, const std::vector<Home::ChokeChange>& changes, Time now);
    void drop_peer(Torrent& torrent, swarm::PeerKey peer, DropReason reason, Time now);
    void announce(Torrent& torrent, const tracker::AnnounceOrder& order);
    void call_peer(Torrent& torrent, const Endpoint& remote, Duration patience, Time now);
    void halt(Torrent& torrent, bool tell_trackers, Time now);

    // session_waits.cpp: called where what a connection waits for may have changed.
    void note_wait(Connection& connection);
    static PeerWait wait_of(const Connection& connection);

    // session_timers.cpp
    void tick(Connection& connection, Time now);
    static bool needs_watching(const Connection& connection);
    /// Looks at the connection every tick from now on, if something is awaited of it.
    void watch(Connection& connection, Time now);
    void look_again(Connection& connection, Time at);
    static void release_idle_memory(Connection& connection);
    void tick(Torrent& torrent, Time now);
    void report_rates(Torrent& torrent, Time now);
    void schedule(Torrent& torrent, Time now);
    void resume_paused(Time now);

    Torrent* torrent(TorrentId id);
    /// The connection that an input names, unless it is gone or closing: between close() and
    /// handle_closed() the driver may still tell of what it had under way, and nothing of that
    /// counts any more.
    Connection* find_open(ConnectionId id) const;
    /// Likewise, for what another core says of a peer of this torrent.
    Connection* find_open(ConnectionId id, const Torrent& torrent) const;
    swarm::PeerKey key(const Connection& connection) const {
        return {options_.core, connection.id};
    }
    void record(LatencyStage stage, Duration duration) {
        if (options_.latencies != nullptr) options_.latencies->record(stage, duration);
    }
    void put(Output output) { outputs_.push_back(std::move(output)); }
    void request_transmit(Connection& connection);
    /// The receive into piece buffers, if one is in flight.
    void cancel_receive(Connection& connection);
    void take_down(Connection& connection, std::size_t bytes, Time now);

    const SessionOptions options_;
    const RateLimits limits_;
    Prng random_;
    const SessionSecrets secrets_;
    swarm::PieceBuffers buffers_;
    ConnectionTable connections_;
    std::vector<std::unique_ptr<Torrent>> torrents_;  // by TorrentId
    std::unordered_map<InfoHash, Torrent*> by_info_hash_;
    /// From cores that were told of a torrent before this one.
    std::unordered_map<TorrentId, std::vector<CoreMessage>> early_messages_;
    std::size_t early_message_count_ = 0;  // in all of them, at most early_messages_max
    std::deque<Output> outputs_;
    std::vector<CoreOutbox> outboxes_;  // by core
    std::size_t letters_waiting_ = 0;   // in all of them
    Fifo<ConnectionId> held_back_;      // that may not receive because of them; some are gone
    TimerWheel connection_timers_;      // by connection slot
    TimerWheel torrent_timers_;         // by TorrentId
    RateWaiters receive_waiters_;
    RateWaiters send_waiters_;
    std::deque<ConnectionId> starved_;  // nothing outstanding, for want of a buffer
    std::uint16_t next_call_core_ = 0;
    std::uint32_t calling_ = 0;  // connections that are being called
    DropCounts drop_counts_{};
    PeerWaits peer_waits_;
    std::uint64_t connections_total_ = 0;  // that were ever established
    std::uint64_t bytes_copied_ = 0;       // of connections that are gone
    std::uint32_t pieces_waiting_ = 0;     // complete, and their buffers still pinned
    std::vector<wire::Event> events_;      // scratch
    std::vector<swarm::Picker::Pick> picks_;
};

}  // namespace spate::session
