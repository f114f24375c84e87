// What a peer is told first, and what it tells of its pieces.
#include "engine/wire/extension_handshake.hpp"
#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct GreetingTest : SessionTest {
    Bitfield bits(std::initializer_list<std::uint32_t> set) const {
        Bitfield all(piece_count);
        for (const std::uint32_t piece : set) all.set(piece);
        return all;
    }
    std::uint32_t available(std::uint32_t piece) const {
        return torrents[0]->availability.count(PieceIndex(piece));
    }
};

TEST_F(GreetingTest, AFastPeerHearsHaveNoneOrHaveAll) {
    start();
    EXPECT_EQ(connect_peer().count(MessageId::have_none), 1U);
    seeding = true;
    add_torrent(test_content(8, 2), TorrentId(1));
    TestPeer& peer = accept();
    wire::Handshake hello = handshake_of(9, {});
    hello.info_hash = torrents[1]->metainfo->info_hash;
    say(peer, handshake(hello));
    EXPECT_EQ(peer.count(MessageId::have_all), 1U);
    EXPECT_EQ(peer.count(MessageId::bitfield), 0U);
}

TEST_F(GreetingTest, APlainPeerHearsNothingOrABitfield) {
    start();
    EXPECT_TRUE(connect_peer({.fast = false}).messages.empty());
    seeding = true;
    add_torrent(test_content(8, 2), TorrentId(1));
    TestPeer& peer = accept();
    wire::Handshake hello = handshake_of(9, {.fast = false});
    hello.info_hash = torrents[1]->metainfo->info_hash;
    say(peer, handshake(hello));
    ASSERT_EQ(peer.messages.size(), 1U);
    EXPECT_EQ(peer.messages[0].id, MessageId::bitfield);
    EXPECT_EQ(peer.messages[0].body, ByteVector{std::byte{0xff}});
}

TEST_F(GreetingTest, TheExtensionHandshakeTellsOurLimits) {
    start();
    TestPeer& peer = connect_peer({.extensions = true});
    const auto bodies = peer.extended(0);
    ASSERT_EQ(bodies.size(), 1U);
    const auto ours = wire::parse_extension_handshake(bodies[0]);
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->listen_port, options.listen_port);
    EXPECT_EQ(ours->your_ip, peer.remote.address);
    EXPECT_GT(ours->request_queue_max.value_or(0), 250U);
    EXPECT_FALSE(ours->upload_only);
    EXPECT_TRUE(connect_peer({.extensions = false}).extended(0).empty());
}

TEST_F(GreetingTest, ThePeersRequestLimitIsKept) {
    start();
    TestPeer& peer = connect_peer({.extensions = true});
    wire::ExtensionHandshake theirs;
    theirs.request_queue_max = 2;
    ByteVector hello;
    wire::append_extension_handshake(hello, theirs);
    say(peer, hello + message(MessageId::have_all) + message(MessageId::unchoke));
    EXPECT_EQ(peer.requests.size(), 2U);
}

TEST_F(GreetingTest, AvailabilityIsTheSumOfThePeersAndASeedIsCountedOnce) {
    start();
    TestPeer& first = connect_peer();
    say(first, bitfield(bits({1, 2})));
    TestPeer& second = connect_peer();
    say(second, message(MessageId::have_none) + have(2) + have(2));
    TestPeer& seed = connect_seed();
    EXPECT_EQ(available(0), 0);
    EXPECT_EQ(available(1), 1);
    EXPECT_EQ(available(2), 2);
    EXPECT_EQ(torrents[0]->availability.seeds(), 1U);
    hang_up(first);
    EXPECT_EQ(available(2), 1);
    hang_up(second);
    hang_up(seed);
    EXPECT_EQ(available(2), 0);
    EXPECT_EQ(torrents[0]->availability.seeds(), 0U);
    EXPECT_EQ(torrents[0]->counters.seeds, 0U);
}

TEST_F(GreetingTest, APeerThatBecomesComplete) {
    start();
    TestPeer& peer = connect_peer();
    say(peer, bitfield(bits({0, 1, 2, 3, 4, 5, 6})));
    EXPECT_EQ(torrents[0]->availability.seeds(), 0U);
    say(peer, have(7));
    EXPECT_EQ(torrents[0]->availability.seeds(), 1U);
    EXPECT_EQ(available(3), 0);
    hang_up(peer);
    EXPECT_EQ(torrents[0]->availability.seeds(), 0U);
    EXPECT_EQ(available(3), 0);
}

// aria2 sends its bitfield again when that is shorter than the HAVEs would be.
TEST_F(GreetingTest, ALaterBitfieldReplacesWhatWasKnown) {
    start();
    TestPeer& peer = connect_peer();
    say(peer, bitfield(bits({1})) + have(3));
    say(peer, bitfield(bits({1, 2, 3})));
    EXPECT_FALSE(peer.closed);
    EXPECT_EQ(available(1), 1);
    EXPECT_EQ(available(2), 1);
    EXPECT_EQ(available(3), 1);
    say(peer, message(MessageId::have_all));
    EXPECT_EQ(available(1), 0);
    EXPECT_EQ(torrents[0]->availability.seeds(), 1U);
    say(peer, message(MessageId::have_none));
    EXPECT_EQ(torrents[0]->availability.seeds(), 0U);
    hang_up(peer);
    EXPECT_EQ(available(1), 0);
    EXPECT_EQ(drops(DropReason::bad_bitfield), 0U);
}

TEST_F(GreetingTest, ABitfieldOfTheWrongSizeIsRefused) {
    start();
    const ByteVector two_bytes(2);
    TestPeer& late = connect_peer();
    say(late, raw_bitfield(two_bytes));
    EXPECT_TRUE(late.closed);
    EXPECT_EQ(drops(DropReason::wire_error), 1U);
    // In one piece with the handshake, when the framing doesn't know the torrent yet.
    TestPeer& together = accept();
    say(together, handshake(handshake_of(9, {})) + raw_bitfield(two_bytes));
    EXPECT_TRUE(together.closed);
    EXPECT_EQ(drops(DropReason::bad_bitfield), 1U);
}

TEST_F(GreetingTest, ABitfieldWithSpareBitsIsRefused) {
    piece_count = 5;
    start();
    TestPeer& peer = connect_peer();
    say(peer, raw_bitfield(ByteVector{std::byte{0xff}}));
    EXPECT_TRUE(peer.closed);
    EXPECT_EQ(drops(DropReason::bad_bitfield), 1U);
    EXPECT_EQ(torrents[0]->availability.seeds(), 0U);
}

TEST_F(GreetingTest, AHaveBeyondTheLastPieceIsRefused) {
    start();
    TestPeer& peer = accept();
    say(peer, handshake(handshake_of(9, {})) + have(8));
    EXPECT_EQ(drops(DropReason::bad_bitfield), 1U);
    say(connect_peer(), have(8));
    EXPECT_EQ(drops(DropReason::wire_error), 1U);
}

TEST_F(GreetingTest, WeAreInterestedInWhoeverHasWhatWeLack) {
    start();
    TestPeer& peer = connect_peer();
    EXPECT_EQ(peer.count(MessageId::interested), 0U);
    say(peer, have(1) + have(2));
    EXPECT_EQ(peer.count(MessageId::interested), 1U);
}

TEST_F(GreetingTest, TwoCompletePeersPart) {
    seeding = true;
    start();
    TestPeer& seed = connect_seed();
    EXPECT_TRUE(seed.closed);
    TestPeer& leecher = connect_peer({.extensions = true});
    EXPECT_FALSE(leecher.closed);
    wire::ExtensionHandshake theirs;
    theirs.upload_only = true;
    ByteVector hello;
    wire::append_extension_handshake(hello, theirs);
    say(leecher, hello);
    EXPECT_TRUE(leecher.closed) << "it wants nothing, says BEP 21";
    EXPECT_EQ(drops(DropReason::both_complete), 2U);
}

TEST_F(GreetingTest, AnExtensionMessageThatWasNotNegotiatedIsRefused) {
    start();
    TestPeer& peer = connect_peer({.extensions = false});
    say(peer, extended(0, as_bytes("de")));
    EXPECT_EQ(drops(DropReason::bad_extension), 1U);
    TestPeer& garbled = connect_peer({.extensions = true});
    say(garbled, extended(0, as_bytes("not a dictionary")));
    EXPECT_EQ(drops(DropReason::bad_extension), 2U);
}

}  // namespace
}  // namespace spate::session
