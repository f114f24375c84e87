// What newcomers are told to have, and what peers take back.
#include <algorithm>
#include <gmock/gmock.h>

#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct OffersTest : SessionTest {
    OffersTest() { piece_count = 400; }

    static std::vector<PieceIndex> allowed_fast(const TestPeer& peer) {
        std::vector<PieceIndex> pieces;
        for (const SentMessage& sent : peer.messages)
            if (sent.id == MessageId::allowed_fast)
                pieces.emplace_back(load_be<std::uint32_t>(sent.body.data()));
        return pieces;
    }
};

TEST_F(OffersTest, ANewcomerMayHaveAHundredthOfTheTorrentThoughItIsChoked) {
    seeding = true;
    start();
    TestPeer& peer = connect_peer();
    EXPECT_TRUE(allowed_fast(peer).empty()) << "it hasn't said what it has";
    say(peer, message(MessageId::have_none));
    const auto pieces = allowed_fast(peer);
    ASSERT_EQ(pieces.size(), 4U);
    say(peer, request(block(pieces[0].value)));
    EXPECT_EQ(peer.blocks.size(), 1U);
    const std::uint32_t other = pieces[0].value == 7 ? 8 : 7;
    if (std::ranges::find(pieces, PieceIndex(other)) == pieces.end()) {
        say(peer, request(block(other)));
        EXPECT_EQ(peer.count(MessageId::reject_request), 1U);
    }
    EXPECT_EQ(peer.blocks.size(), 1U);
}

TEST_F(OffersTest, AllowedFastPiecesAreServedOnceOver) {
    seeding = true;
    start();
    TestPeer& peer = connect_peer();
    say(peer, message(MessageId::have_none));
    const auto pieces = allowed_fast(peer);
    for (int i = 0; i < 20; ++i) say(peer, request(block(pieces[0].value, 0)));
    EXPECT_EQ(peer.blocks.size(), 16U) << "as many blocks as four pieces have";
    EXPECT_EQ(peer.count(MessageId::reject_request), 4U);
}

TEST_F(OffersTest, WhoHasNoUploadSlotsOffersNothing) {
    seeding = true;
    options.home.upload_slots = 0;
    start();
    TestPeer& peer = connect_peer();
    say(peer, message(MessageId::have_none));
    say(peer, message(MessageId::interested));
    advance(60s);
    EXPECT_TRUE(allowed_fast(peer).empty());
    EXPECT_EQ(peer.count(MessageId::unchoke), 0U);
}

TEST_F(OffersTest, WhoHasTenPiecesIsNoNewcomer) {
    seeding = true;
    start();
    TestPeer& peer = connect_peer();
    Bitfield has(piece_count);
    for (std::uint32_t i = 0; i < 10; ++i) has.set(i);
    say(peer, bitfield(has));
    EXPECT_TRUE(allowed_fast(peer).empty());
}

TEST_F(OffersTest, ASuperSeedSaysItHasNothingAndTellsOfOnePieceAtATime) {
    seeding = true;
    options.super_seed = true;
    start();
    TestPeer& first = connect_peer();
    EXPECT_EQ(first.count(MessageId::have_none), 1U);
    EXPECT_EQ(first.count(MessageId::have_all), 0U);
    say(first, message(MessageId::have_none));
    ASSERT_EQ(first.haves().size(), 1U);
    TestPeer& second = connect_peer();
    say(second, message(MessageId::have_none));
    ASSERT_EQ(second.haves().size(), 1U);
    EXPECT_NE(first.haves()[0], second.haves()[0]);
    say(first, have(first.haves()[0].value));
    EXPECT_EQ(first.haves().size(), 1U) << "it hasn't passed it on";
    say(second, have(first.haves()[0].value));
    EXPECT_EQ(first.haves().size(), 2U);
    EXPECT_EQ(second.haves().size(), 1U);
}

TEST_F(OffersTest, APieceThatAPeerHasLostIsNotCountedAnyMore) {
    start();
    TestPeer& peer = connect_peer({.fast = true, .extensions = true});
    say(peer, message(MessageId::have_all));
    EXPECT_EQ(torrents[0]->availability.seeds(), 1U);
    const std::byte body[]{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{5}};
    say(peer, extended(3, body));
    EXPECT_EQ(torrents[0]->availability.seeds(), 0U);
    EXPECT_EQ(torrents[0]->availability.count(PieceIndex(5)), 0U);
    EXPECT_EQ(torrents[0]->availability.count(PieceIndex(6)), 1U);
    EXPECT_EQ(state_of(peer).interesting, piece_count - 1);
    say(peer, extended(3, body));
    EXPECT_EQ(state_of(peer).interesting, piece_count - 1) << "once";
    hang_up(peer);
    EXPECT_EQ(torrents[0]->availability.count(PieceIndex(6)), 0U);
}

}  // namespace
}  // namespace spate::session
