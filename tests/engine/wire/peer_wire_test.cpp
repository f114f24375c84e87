#include "engine/wire/peer_wire.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "tests/engine/wire/reference_wire.hpp"
#include "tests/engine/wire/wire_test_peer.hpp"

using namespace spate;
using namespace spate::wire;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

/// A length prefix, an id and as much of the body as given.
std::vector<std::byte> claim(std::uint32_t length, unsigned id, std::size_t body_bytes = 0) {
    std::vector<std::byte> bytes;
    ByteWriter(bytes).write(length).write(static_cast<std::uint8_t>(id));
    bytes.resize(bytes.size() + body_bytes);
    return bytes;
}

std::string refusal_of(Bytes bytes) {
    return WireTestPeer().refusal(bytes);
}

/// With ten pieces of 32 KiB.
std::string refusal_in_torrent(Bytes bytes) {
    WireTestPeer peer;
    peer.wire.set_piece_count(10, 32 * 1024);
    return peer.refusal(bytes);
}

template <class Append, class... Arguments>
std::vector<std::byte> bytes_of(Append append, Arguments... arguments) {
    std::vector<std::byte> bytes;
    append(bytes, arguments...);
    return bytes;
}

/// Every kind of message, with blocks asked for, out of order and never asked for.
std::vector<std::byte> recorded_stream() {
    std::vector<std::byte> out;
    append_bitfield(out, Bitfield(100));
    append_extended(out, 0, as_bytes("d1:md11:ut_metadatai3eee"));
    append_keep_alive(out);
    append_message(out, MessageId::unchoke);
    append_piece(out, block_at(1, 0, 50));
    append_have(out, PieceIndex(99));
    append_piece(out, block_at(1, 100, 20));
    append_piece(out, block_at(1, 50, 50));
    append_piece(out, block_at(9, 0, 33));
    ByteWriter(out).write(std::uint32_t{4}).write(std::uint8_t{77}).write_bytes(as_bytes("xyz"));
    append_request(out, block_at(2, 0));
    append_piece(out, block_at(1, 120, 1));
    append_reject(out, block_at(1, 121, 5));
    return out;
}

void expect_recorded(WireTestPeer& peer) {
    for (const BlockRef block : {block_at(1, 0, 50), block_at(1, 50, 50), block_at(1, 100, 20),
                                 block_at(1, 120, 1), block_at(1, 121, 5)})
        peer.expect(block);
}

void append_texts(std::vector<std::string>& texts, const WireTestPeer& peer) {
    for (const std::string& text : peer.texts()) texts.push_back(text);
    for (const Event& event : peer.events) {
        const auto* block = std::get_if<BlockReceived>(&event);
        if (block == nullptr) continue;
        EXPECT_TRUE(peer.slots.holds_payload(block->block, block->slot));
    }
}

std::vector<std::string> recorded_texts() {
    WireTestPeer peer;
    expect_recorded(peer);
    EXPECT_TRUE(peer.hear(recorded_stream()));
    return peer.texts();
}

}  // namespace

TEST(PeerWire, RecordedStreamIsUnderstood) {
    EXPECT_THAT(
        recorded_texts(),
        ElementsAre(testing::StartsWith("bitfield "), testing::StartsWith("extended 0 "),
                    "keep-alive", "unchoke", "received 1:0+50 in 1@0", "have 99",
                    "received 1:100+20 in 1@100", "received 1:50+50 in 1@50", "discarded 9:0+33",
                    "request 2:0+16384", "received 1:120+1 in 1@120", "reject 1:121+5"));
}

TEST(PeerWire, EverySplitOfAStreamGivesTheSameEvents) {
    const std::vector<std::byte> stream = recorded_stream();
    const std::vector<std::string> whole = recorded_texts();
    for (std::size_t split = 0; split <= stream.size(); ++split) {
        WireTestPeer peer;
        expect_recorded(peer);
        std::vector<std::string> texts;
        ASSERT_TRUE(peer.hear(Bytes(stream).first(split)));
        append_texts(texts, peer);
        ASSERT_TRUE(peer.hear(Bytes(stream).subspan(split)));
        append_texts(texts, peer);
        ASSERT_EQ(texts, whole) << "split at " << split;
    }
}

TEST(PeerWire, EveryChunkSizeGivesTheSameEventsLinearlyAndPlanned) {
    const std::vector<std::byte> stream = recorded_stream();
    const std::vector<std::string> whole = recorded_texts();
    for (const bool planned : {false, true}) {
        for (std::size_t chunk = 1; chunk <= 150; ++chunk) {
            WireTestPeer peer;
            expect_recorded(peer);
            std::vector<std::string> texts;
            for (Bytes rest(stream); !rest.empty();) {
                std::size_t count = std::min(chunk, rest.size());
                if (planned && peer.plan()) {
                    count = std::min(count, peer.receive_plan.size_bytes());
                    ASSERT_TRUE(peer.receive(rest.first(count)));
                } else {
                    ASSERT_TRUE(peer.hear(rest.first(count)));
                }
                append_texts(texts, peer);
                rest = rest.subspan(count);
            }
            ASSERT_EQ(texts, whole) << "chunks of " << chunk;
        }
    }
}

TEST(PeerWire, HandshakeMayComeByteByByte) {
    PeerWire wire;
    std::vector<Event> events;
    const auto handshake = any_handshake();
    for (const std::byte& b : handshake) {
        ASSERT_THAT(events, IsEmpty());
        ASSERT_TRUE(wire.handle_bytes({&b, 1}, {}, events));
    }
    ASSERT_EQ(events.size(), 1U);
    EXPECT_TRUE(std::get<HandshakeReceived>(events[0]).handshake.fast);
}

TEST(PeerWire, AnotherProtocolIsRefusedAtItsFirstWrongByte) {
    PeerWire wire;
    std::vector<Event> events;
    ASSERT_TRUE(wire.handle_bytes(as_bytes("\x13"
                                           "BitTorrent p"),
                                  {}, events));
    const auto result = wire.handle_bytes(as_bytes("a"), {}, events);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), WireError::not_bittorrent);
    EXPECT_FALSE(PeerWire().handle_bytes(as_bytes("GET / HTTP/1.1\r\n"), {}, events));
}

TEST(PeerWire, AfterAnErrorEveryCallReportsIt) {
    WireTestPeer peer;
    peer.expect(block_at(0, 0));
    EXPECT_EQ(peer.refusal(claim(2, 0)), "bad_length");
    EXPECT_EQ(peer.refusal(bytes_of(append_have, PieceIndex(1))), "bad_length");
    EXPECT_EQ(peer.refusal({}), "bad_length");
    EXPECT_FALSE(peer.plan());
}

TEST(PeerWire, HashesAreAWholeNumberUpToTheLimit) {
    const std::uint32_t fields = 1 + hash_ref_size_bytes;
    const std::uint32_t most = fields + hashes_count_max * Sha256Digest::size_bytes;
    for (const std::uint32_t length : {2U, fields - 1, fields + 31, fields + 33, most + 32})
        EXPECT_EQ(refusal_of(claim(length, 22)), "bad_length") << length;
    for (const std::uint32_t length : {fields, fields + 32, most})
        EXPECT_EQ(refusal_of(claim(length, 22)), "accepted") << length;
    for (const unsigned id : {21U, 23U}) {
        EXPECT_EQ(refusal_of(claim(fields - 1, id)), "bad_length");
        EXPECT_EQ(refusal_of(claim(fields + 1, id)), "bad_length");
        EXPECT_EQ(refusal_of(claim(fields, id)), "accepted");
    }
}

TEST(PeerWire, WrongLengthsOfFixedMessagesAreRefusedBeforeTheirBody) {
    for (const unsigned id : {0U, 1U, 2U, 3U, 4U, 6U, 8U, 9U, 13U, 14U, 15U, 16U, 17U}) {
        EXPECT_EQ(refusal_of(claim(2, id)), "bad_length") << id;
        EXPECT_EQ(refusal_of(claim(14, id)), "bad_length") << id;
    }
    EXPECT_EQ(refusal_of(claim(1, 20)), "bad_length") << "EXTENDED without its id";
    EXPECT_EQ(refusal_of(claim(8, 7)), "bad_length") << "PIECE without its header";
}

TEST(PeerWire, MessageLengthIsLimited) {
    EXPECT_EQ(refusal_of(claim(message_length_max, 20)), "accepted");
    std::vector<std::byte> prefix;
    ByteWriter(prefix).write(message_length_max + 1);
    EXPECT_EQ(refusal_of(prefix), "message_too_long") << "before the id is known";
    EXPECT_EQ(refusal_of(claim(0xffffffff, 5)), "message_too_long");
}

TEST(PeerWire, UnknownMessagesAreSkippedUpToALimit) {
    WireTestPeer peer;
    std::vector<std::byte> bytes = claim(unknown_length_max, 200, unknown_length_max - 1);
    append_have(bytes, PieceIndex(4));
    ASSERT_TRUE(peer.hear(bytes));
    EXPECT_THAT(peer.texts(), ElementsAre("have 4"));
    ASSERT_TRUE(peer.hear(claim(1, 200))) << "without a body";
    ASSERT_TRUE(peer.hear(bytes_of(append_have, PieceIndex(5))));
    EXPECT_THAT(peer.texts(), ElementsAre("have 5"));
    EXPECT_EQ(peer.refusal(claim(unknown_length_max + 1, 200)), "message_too_long");
}

TEST(PeerWire, BitfieldLengthIsLimitedWhileThePiecesAreUnknown) {
    EXPECT_EQ(refusal_of(claim(bitfield_length_max + 1, 5)), "accepted");
    EXPECT_EQ(refusal_of(claim(bitfield_length_max + 2, 5)), "bitfield_length");
    EXPECT_EQ(refusal_of(claim(1, 5)), "bitfield_length");
}

TEST(PeerWire, BitfieldLengthIsExactOnceThePiecesAreKnown) {
    EXPECT_EQ(refusal_in_torrent(claim(3, 5, 2)), "accepted");
    EXPECT_EQ(refusal_in_torrent(claim(2, 5)), "bitfield_length");
    EXPECT_EQ(refusal_in_torrent(claim(4, 5)), "bitfield_length");
}

TEST(PeerWire, PieceIndicesAreCheckedOnceThePiecesAreKnown) {
    for (auto* const append : {append_have, append_suggest, append_allowed_fast}) {
        EXPECT_EQ(refusal_in_torrent(bytes_of(append, PieceIndex(9))), "accepted");
        EXPECT_EQ(refusal_in_torrent(bytes_of(append, PieceIndex(10))), "bad_piece_index");
        EXPECT_EQ(refusal_of(bytes_of(append, PieceIndex(~0U))), "accepted");
    }
    for (auto* const append : {append_request, append_cancel, append_reject, append_piece})
        EXPECT_EQ(refusal_in_torrent(bytes_of(append, block_at(10, 0))), "bad_piece_index");
}

TEST(PeerWire, BlocksMustLieInTheirPiece) {
    for (auto* const append : {append_request, append_cancel, append_reject, append_piece}) {
        EXPECT_EQ(refusal_in_torrent(bytes_of(append, block_at(9, 16384))), "accepted");
        EXPECT_EQ(refusal_in_torrent(bytes_of(append, block_at(9, 16385))), "bad_block_range");
        EXPECT_EQ(refusal_in_torrent(bytes_of(append, block_at(9, ~0U, 5))), "bad_block_range");
    }
}

TEST(PeerWire, BlockLengthsAreLimited) {
    for (auto* const append : {append_request, append_cancel, append_reject, append_piece}) {
        const auto refusal = [&](std::uint32_t length) {
            return refusal_of(bytes_of(append, block_at(0, 0, length)));
        };
        EXPECT_EQ(refusal(1), "accepted");
        EXPECT_EQ(refusal(block_length_max), "accepted");
        EXPECT_EQ(refusal(block_length_max + 1), "block_too_long");
        EXPECT_EQ(refusal(0), "block_empty");
    }
}

TEST(PeerWire, BlockOfAnotherLengthThanAskedForIsDiscarded) {
    WireTestPeer peer;
    peer.expect(block_at(0, 0, 100));
    ASSERT_TRUE(peer.hear(bytes_of(append_piece, block_at(0, 0, 99))));
    EXPECT_THAT(peer.texts(), ElementsAre("discarded 0:0+99"));
    EXPECT_EQ(peer.wire.expected_count(), 1U);
}

TEST(PeerWire, ABlockIsReceivedOnce) {
    WireTestPeer peer;
    peer.expect(block_at(0, 0, 100));
    const auto bytes = bytes_of(append_piece, block_at(0, 0, 100));
    ASSERT_TRUE(peer.hear(bytes));
    EXPECT_THAT(peer.texts(), ElementsAre("received 0:0+100 in 1@0"));
    ASSERT_TRUE(peer.hear(bytes));
    EXPECT_THAT(peer.texts(), ElementsAre("discarded 0:0+100"));
    EXPECT_EQ(peer.wire.bytes_copied(), 100U);
    EXPECT_EQ(peer.wire.payload_bytes_received(), 200U);
    EXPECT_EQ(peer.wire.protocol_bytes_received(), handshake_size_bytes + 26);
}

TEST(PeerWire, ForgettingInTheMiddleOfAPayloadDiscardsIt) {
    WireTestPeer peer;
    const BlockSlot slot = peer.expect(block_at(0, 0, 100));
    const auto bytes = bytes_of(append_piece, block_at(0, 0, 100));
    ASSERT_TRUE(peer.hear(Bytes(bytes).first(60)));
    EXPECT_EQ(peer.wire.expected_count(), 1U);
    EXPECT_TRUE(peer.wire.forget_block(block_at(0, 0, 100)));
    EXPECT_FALSE(peer.wire.forget_block(block_at(0, 0, 100)));
    EXPECT_EQ(peer.wire.expected_count(), 0U);
    ASSERT_TRUE(peer.hear(Bytes(bytes).subspan(60)));
    EXPECT_THAT(peer.texts(), ElementsAre("discarded 0:0+100"));
    EXPECT_EQ(peer.slots.buffers().at(slot, 100)[60], std::byte{0}) << "untouched since";
}

TEST(PeerWire, KeepAlivesAreCounted) {
    WireTestPeer peer;
    ASSERT_TRUE(peer.hear(std::vector<std::byte>(12)));
    EXPECT_EQ(peer.wire.keep_alives_received(), 3U);
}

TEST(PeerWire, SpansOfOneCallDoNotDisturbEachOther) {
    WireTestPeer peer;
    std::vector<std::byte> bytes;
    append_extended(bytes, 1, std::vector<std::byte>(30, std::byte{1}));
    append_extended(bytes, 2, std::vector<std::byte>(30, std::byte{2}));
    append_extended(bytes, 3, std::vector<std::byte>(30, std::byte{3}));
    ASSERT_TRUE(peer.hear(Bytes(bytes).first(20)));
    ASSERT_TRUE(peer.hear(Bytes(bytes).subspan(20, 70))) << "end of one, another, start of a third";
    ASSERT_EQ(peer.events.size(), 2U);
    for (unsigned i = 0; i < 2; ++i) {
        const auto& extended = std::get<Extended>(peer.events[i]);
        EXPECT_THAT(extended.body, testing::SizeIs(30));
        EXPECT_THAT(extended.body, testing::Each(static_cast<std::byte>(i + 1)));
    }
}

TEST(PeerWire, AnIdleOneIsSmall) {
    EXPECT_LE(sizeof(PeerWire), 192U);
    RecordProperty("bytes", static_cast<int>(sizeof(PeerWire)));
}

TEST(PeerWireDeathTest, MoreThanTheLimitOfExpectedBlocksIsOurBug) {
    WireTestPeer peer;
    for (std::uint32_t i = 0; i < expected_blocks_max; ++i) peer.expect(block_at(i, 0, 1));
    EXPECT_EQ(peer.wire.expected_count(), expected_blocks_max);
    EXPECT_DEATH(peer.wire.expect_block(block_at(9999, 0, 1), {}), "expected_blocks_max");
}
