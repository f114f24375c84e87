#pragma once
// tests/engine/session/session_fixture.hpp: one session, one torrent, and peers made by hand.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/session/session.hpp"
#include "tests/engine/session/test_peer.hpp"
#include "tests/engine/swarm/plain_memory.hpp"

namespace spate::session {

inline constexpr std::uint32_t piece_length = 4 * block_size_bytes;

/// `pieces` pieces of four blocks; the last has one block and one byte.
metainfo::Metainfo test_content(std::uint32_t pieces, std::uint8_t number = 1);

/// Options are changed before start(). Sends are carried out at once; outputs that the test is to
/// answer are collected by kind.
struct SessionTest : testing::Test {
    struct PeerOptions {
        bool fast = true;
        bool extensions = false;
        std::size_t torrent = 0;  // of `torrents`
    };

    SessionTest();
    ~SessionTest() override;

    /// With the torrent unless `with_torrent` is false.
    void start(bool with_torrent = true);
    SharedTorrent& add_torrent(metainfo::Metainfo content, TorrentId id = TorrentId(0));

    TestPeer& accept();  // without a handshake
    TestPeer& connect_peer(PeerOptions options);
    TestPeer& connect_peer() { return connect_peer(PeerOptions{}); }
    /// Has everything, has unchoked us.
    TestPeer& connect_seed(PeerOptions options);
    TestPeer& connect_seed() { return connect_seed(PeerOptions{}); }
    /// The oldest call that isn't answered yet succeeds.
    TestPeer& answer_call();

    void say(TestPeer& peer, const ByteVector& bytes);
    void hang_up(TestPeer& peer);
    /// Sends all blocks that were requested.
    void answer_requests(TestPeer& peer);
    /// A receive by plan, ended by `bytes`.
    bool begin_receive(TestPeer& peer);
    void end_receive(TestPeer& peer, const ByteVector& bytes);

    void hash_next(bool matches);
    void write_next();
    void advance(Duration duration);
    void run();
    void take_letters(CoreIndex core);

    std::uint64_t drops(DropReason reason) const {
        return session->drop_counts()[static_cast<std::size_t>(reason)];
    }
    const Connection& state_of(const TestPeer& peer) const {
        return *session->find_connection(peer.id);
    }
    wire::Handshake handshake_of(std::uint8_t number, PeerOptions options) const;
    static BlockRef block(std::uint32_t piece, std::uint32_t index = 0) {
        return {PieceIndex(piece), index * block_size_bytes, block_size_bytes};
    }

    Time now{1'000s};
    SessionOptions options;
    std::uint32_t piece_count = 8;
    bool seeding = false;  // every piece is stored from the start
    std::optional<swarm::Playback::Options> play;
    std::vector<std::vector<std::string>> trackers;
    std::uint64_t up_limit = 0;
    std::uint64_t down_limit = 0;
    std::uint64_t torrent_up_limit = 0;  // of the next torrent
    std::uint64_t torrent_down_limit = 0;
    swarm::PlainMemory memory;
    std::unique_ptr<TokenBucket> up;
    std::unique_ptr<TokenBucket> down;
    std::vector<std::unique_ptr<SharedTorrent>> torrents;
    std::unique_ptr<Session> session;
    std::deque<std::unique_ptr<TestPeer>> peers;

    std::deque<Connect> calls;
    std::deque<HashPiece> hashes;
    std::deque<WritePiece> writes;
    std::vector<CoreMessage> to_cores;
    bool takes_letters = true;  // the other cores do
    std::vector<Announce> announces;
    std::vector<CheckMetadata> metadata;
    std::vector<LayersReady> layers;
    std::vector<TorrentComplete> completed;
    std::vector<TorrentFailed> failed;
    std::vector<DownloadPaused> paused;
    std::vector<DownloadResumed> resumed;
    std::vector<TrackerWarning> warnings;

private:
    void carry_out(Output& output);
    void transmit(TestPeer& peer);
    TestPeer* find(ConnectionId id);
    void end_if_idle(TestPeer& peer);

    std::uint8_t next_peer_ = 1;
};

}  // namespace spate::session
