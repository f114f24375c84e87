#pragma once
// tests/fuzz/session_world.hpp: the cores of one process in the hands of whoever writes the input.
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/token_bucket.hpp"
#include "engine/session/session.hpp"
#include "tests/engine/swarm/plain_memory.hpp"
#include "tests/fuzz/session_content.hpp"

namespace spate::fuzz {

/// One or two real sessions with one torrent of any kind (v1, hybrid, v2, or their magnet links).
/// Each byte of the input is a step: a peer says something in whatever state it is in, or the
/// driver does what it may do then, in any order: it ends a receive or a send, hashes, writes,
/// delivers mail, answers a tracker, closes, fails a torrent, lets time pass. Only what the
/// contract of Session forbids a driver is left out. finish() then ends everything and looks at
/// what is left.
class SessionWorld {
public:
    explicit SessionWorld(Bytes input);
    SessionWorld(const SessionWorld&) = delete;
    SessionWorld& operator=(const SessionWorld&) = delete;
    ~SessionWorld();

    /// False at the end of the input.
    bool step();
    /// A step of an input of its own; what it doesn't say is zero.
    void step(Bytes input);
    /// All connections end, all that is in flight comes to an end. Nothing is left but torrents.
    void finish();

private:
    /// A connection as the driver sees it, with what the peer behind it was asked.
    struct Line {
        ConnectionId id;
        std::uint8_t core = 0;
        bool connected = false;
        bool closing = false;
        bool wants_transmit = false;
        std::optional<session::SendPlan> send;  // in flight
        std::unique_ptr<wire::ReceivePlan> receive;
        std::vector<BlockRef> asked;
        std::vector<HashRef> hashes_asked;
    };
    struct Core {
        swarm::PlainMemory memory;
        std::unique_ptr<session::Session> session;
        std::deque<session::HashPiece> hashes;
        std::deque<session::WritePiece> writes;
        std::deque<session::CheckMetadata> metadata;
        std::deque<session::Announce> announces;
        std::deque<session::CoreMessage> mail;  // to this core
    };

    std::uint8_t byte() { return input_.read<std::uint8_t>().value_or(0); }
    std::uint8_t below(std::size_t bound) { return static_cast<std::uint8_t>(byte() % bound); }
    Core& any_core() { return cores_[below(cores_.size())]; }
    Core& core_of(const Line& line) { return cores_[line.core]; }
    session::Session& session_of(const Line& line) { return *core_of(line).session; }
    /// Nullptr where there is none.
    Line* any_line();
    Line* find(std::uint8_t core, ConnectionId id);

    void add_torrent(TorrentId id, std::shared_ptr<const metainfo::Metainfo> metainfo);
    void drain();
    void execute(std::uint8_t core, session::Output& output);
    void hear(Line& line, const session::SendPlan& plan);
    void close_if_idle(Line& line);
    void forget_closed();

    // The driver's side.
    void accept();
    void answer_call();
    void hang_up();
    void lose(Line& line);
    void begin_receive();
    void end_receive(Line& line, Bytes bytes);
    void begin_send(Line& line);
    void end_send();
    void hash_one(Core& core);
    void write_one(Core& core);
    void check_metadata_one(Core& core);
    void announce_one(Core& core);
    void post_one(std::size_t to);
    void deliver_one(std::size_t to);
    void pass_time();
    void trouble();

    // The peer's side.
    void say(Line& line, Bytes bytes);
    void speak();
    void append_words(Line& line, std::vector<std::byte>& out);
    void append_extension(std::vector<std::byte>& out);
    void append_metadata(std::vector<std::byte>& out);
    void append_hashes(Line& line, std::vector<std::byte>& out);
    void append_payload(Line& line, std::vector<std::byte>& out);
    wire::Handshake any_handshake();
    BlockRef any_block();
    HashRef any_range();
    PieceIndex any_piece();
    Endpoint any_address();

    void check_ended() const;

    ByteReader input_;
    Time now_{1'000s};
    const SessionContent& content_;
    bool magnet_ = false;
    TokenBucket up_;
    TokenBucket down_;
    std::vector<std::unique_ptr<session::SharedTorrent>> torrents_;
    std::deque<Core> cores_;
    std::deque<std::unique_ptr<Line>> lines_;
    std::deque<std::pair<std::uint8_t, session::Connect>> calls_;
    bool abrupt_ = false;  // the line of this step is lost just before
    bool ending_ = false;
};

}  // namespace spate::fuzz
