// One session and one peer, whose bytes the test writes by hand.
#include <vector>

#include <gtest/gtest.h>

#include "engine/metainfo/metainfo.hpp"
#include "engine/session/session.hpp"
#include "engine/wire/handshake.hpp"
#include "engine/wire/message.hpp"

using namespace spate;
using namespace spate::session;

namespace {

class PlainMemory final : public swarm::PayloadMemory {
public:
    MutableBytes allocate(std::size_t size_bytes) override {
        return {new std::byte[size_bytes], size_bytes};
    }
    void free(MutableBytes memory) override { delete[] memory.data(); }
};

/// Eight pieces of one block; the peer has called, has everything, and unchokes us.
struct OnePeer {
    explicit OnePeer(bool fast) {
        metainfo::Metainfo content;
        content.piece_length_bytes = block_size_bytes;
        content.total_bytes = 8 * block_size_bytes;
        content.piece_hashes.resize(8);
        shared = std::make_unique<SharedTorrent>(
            TorrentId(0), CoreIndex(0),
            std::make_shared<const metainfo::Metainfo>(std::move(content)));
        session.add_torrent(*shared, {}, now);
        id = *session.handle_accepted(*Endpoint::parse("192.0.2.1:5000"), now);
        PeerId peer_id;
        peer_id.bytes.fill(std::byte{9});
        const auto handshake = wire::encode({.info_hash = shared->metainfo->info_hash,
                                             .peer_id = peer_id,
                                             .extensions = false,
                                             .fast = fast});
        receive({handshake.begin(), handshake.end()});
        Bitfield all(8);
        all.set_all();
        std::vector<std::byte> bytes;
        wire::append_bitfield(bytes, all);
        wire::append_message(bytes, wire::MessageId::unchoke);
        receive(bytes);
    }

    void receive(const std::vector<std::byte>& bytes) { session.handle_received(id, bytes, now); }
    /// The first block that we asked for.
    BlockRef asked() const { return session.find_connection(id)->window.pending().front().block; }

    const Time now{1h};
    PlainMemory memory;
    TokenBucket up;
    TokenBucket down;
    std::unique_ptr<SharedTorrent> shared;  // outlives the session
    Session session{{}, {up, down}, memory, now};
    ConnectionId id;
};

void append_piece(std::vector<std::byte>& out, BlockRef block) {
    const auto header = wire::piece_header(block);
    out.insert(out.end(), header.begin(), header.end());
    out.resize(out.size() + block.length);
}

}  // namespace

TEST(HostilePeer, MaySendABlockBehindTheChokeThatVoidedIt) {
    OnePeer peer(false);
    std::vector<std::byte> bytes;
    wire::append_message(bytes, wire::MessageId::choke);
    append_piece(bytes, peer.asked());
    peer.receive(bytes);
    EXPECT_EQ(peer.session.find_connection(peer.id)->discarded_blocks, 1U);
}

TEST(HostilePeer, MaySendABlockBehindItsRejection) {
    OnePeer peer(true);
    std::vector<std::byte> bytes;
    wire::append_reject(bytes, peer.asked());
    append_piece(bytes, peer.asked());
    peer.receive(bytes);
    EXPECT_EQ(peer.session.find_connection(peer.id)->discarded_blocks, 1U);
}
