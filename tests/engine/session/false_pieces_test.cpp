// Who sent the false block.
#include <algorithm>

#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

constexpr std::byte truth{0};
constexpr std::byte lie{0xee};

/// A torrent of two pieces, of which only piece 0 is asked for, by two peers that have just that.
struct FalsePiecesTest : SessionTest {
    FalsePiecesTest() { piece_count = 2; }

    TestPeer& connect_owner() {
        TestPeer& peer = connect_peer();
        say(peer, have(0) + message(MessageId::unchoke));
        return peer;
    }
    /// The first peer sends the first three blocks, the second the last.
    void send_piece(TestPeer& first, TestPeer& second, std::byte of_the_first,
                    std::byte of_the_second) {
        const std::vector<BlockRef> asked = std::exchange(first.requests, {});
        ASSERT_EQ(asked.size(), 4U);
        for (std::size_t i = 0; i < 3; ++i) say(first, piece(asked[i], of_the_first));
        say(first, message(MessageId::choke) + reject(asked[3]));
        ASSERT_EQ(second.requests, std::vector<BlockRef>{asked[3]});
        second.requests.clear();
        say(second, piece(asked[3], of_the_second));
        ASSERT_EQ(hashes.size(), 1U);
    }
    void answer_with(TestPeer& peer, std::byte fill) {
        for (const BlockRef asked : std::exchange(peer.requests, {})) say(peer, piece(asked, fill));
    }
};

TEST_F(FalsePiecesTest, TheLiarOfTwoIsFoundWhenThePieceIsThereAndTheInnocentKept) {
    start();
    TestPeer& honest = connect_owner();
    TestPeer& liar = connect_owner();
    send_piece(honest, liar, truth, lie);
    say(liar, message(MessageId::choke));
    hash_next(false);
    EXPECT_FALSE(honest.closed);
    EXPECT_FALSE(liar.closed) << "nobody knows yet who it was";
    say(honest, message(MessageId::unchoke));
    EXPECT_EQ(honest.requests.size(), 4U) << "the whole piece of one peer";
    answer_with(honest, truth);
    hash_next(true);
    EXPECT_TRUE(liar.closed);
    EXPECT_FALSE(honest.closed);
    EXPECT_EQ(drops(DropReason::false_data), 1U);
    write_next();
    EXPECT_TRUE(torrents[0]->pieces.stored(PieceIndex(0)));
    EXPECT_EQ(session->buffers().in_use(), 0U);
}

TEST_F(FalsePiecesTest, ALiarThatSendsTheRetryAloneIsBannedAtOnce) {
    start();
    TestPeer& liar = connect_owner();
    TestPeer& honest = connect_owner();
    send_piece(liar, honest, lie, truth);
    say(honest, message(MessageId::choke));
    hash_next(false);
    say(liar, message(MessageId::unchoke));
    ASSERT_EQ(liar.requests.size(), 4U);
    answer_with(liar, lie);
    hash_next(false);
    EXPECT_TRUE(liar.closed);
    EXPECT_FALSE(honest.closed);
    say(honest, message(MessageId::unchoke));
    answer_with(honest, truth);
    hash_next(true);
    write_next();
    EXPECT_TRUE(torrents[0]->pieces.stored(PieceIndex(0)));
    EXPECT_EQ(drops(DropReason::false_data), 1U);
}

TEST_F(FalsePiecesTest, ARetryIsAskedOfOnePeerAtATime) {
    start();
    TestPeer& first = connect_owner();
    TestPeer& second = connect_owner();
    send_piece(first, second, lie, truth);
    hash_next(false);
    say(first, message(MessageId::unchoke));
    EXPECT_EQ(first.requests.size() + second.requests.size(), 4U);
    EXPECT_TRUE(first.requests.empty() || second.requests.empty());
    advance(2s);
    EXPECT_TRUE(first.requests.empty() || second.requests.empty()) << "not in the endgame either";
}

TEST_F(FalsePiecesTest, ALiarThatHasLeftIsNotLetInAgain) {
    start();
    TestPeer& honest = connect_owner();
    TestPeer& liar = connect_owner();
    send_piece(honest, liar, truth, lie);
    hang_up(liar);
    hash_next(false);
    say(honest, message(MessageId::unchoke));
    answer_with(honest, truth);
    hash_next(true);
    const auto again = session->handle_accepted({liar.remote.address, 50'000}, now);
    peers.push_back(std::make_unique<TestPeer>(*again, liar.remote));
    say(*peers.back(), handshake(handshake_of(200, {})));
    EXPECT_TRUE(peers.back()->closed);
    EXPECT_EQ(drops(DropReason::banned), 1U);
    write_next();
}

TEST_F(FalsePiecesTest, ALieInABlockThatTwoWereAskedForConvictsNobodyAndIsNotSharedAgain) {
    start();
    TestPeer& honest = connect_seed();
    TestPeer& liar = connect_seed();
    advance(1s);
    ASSERT_EQ(liar.requests.size(), honest.requests.size()) << "the endgame";
    // The liar sends the beginning of each block, the honest one whole blocks.
    const std::vector<BlockRef> asked = std::exchange(honest.requests, {});
    ByteVector start_of_block = piece(asked[0], lie);
    start_of_block.resize(1'000);
    say(liar, start_of_block);
    for (const BlockRef& one : asked)
        if (one.piece == asked[0].piece) say(honest, piece(one));
    ASSERT_EQ(hashes.size(), 1U);
    hash_next(false);
    EXPECT_FALSE(honest.closed);
    EXPECT_FALSE(liar.closed);
    EXPECT_FALSE(state_of(honest).picking.shares_blocks);
    EXPECT_FALSE(state_of(liar).picking.shares_blocks);
}

}  // namespace
}  // namespace spate::session
