#include "engine/wire/message.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "engine/base/hex.hpp"
#include "tests/engine/wire/wire_test_peer.hpp"

using namespace spate;
using namespace spate::wire;
using testing::ElementsAre;

namespace {

/// The bytes of one encoder, in hexadecimal, and the event they are heard as.
struct Heard {
    std::string hex;
    std::string event;
    bool operator==(const Heard&) const = default;
};

void PrintTo(const Heard& heard, std::ostream* out) {
    *out << heard.hex << " as " << heard.event;
}

template <class... Arguments>
Heard heard(void (*append)(std::vector<std::byte>&, Arguments...),
            std::type_identity_t<Arguments>... arguments) {
    std::vector<std::byte> bytes;
    append(bytes, arguments...);
    WireTestPeer peer;
    EXPECT_TRUE(peer.hear(bytes));
    EXPECT_EQ(peer.events.size(), 1U);
    return {to_hex(bytes), peer.events.empty() ? "" : peer.texts()[0]};
}

}  // namespace

TEST(Message, MessagesWithoutABodyAreHeardAsSent) {
    EXPECT_EQ(heard(append_keep_alive), (Heard{"00000000", "keep-alive"}));
    EXPECT_EQ(heard(append_message, MessageId::choke), (Heard{"0000000100", "choke"}));
    EXPECT_EQ(heard(append_message, MessageId::unchoke), (Heard{"0000000101", "unchoke"}));
    EXPECT_EQ(heard(append_message, MessageId::interested), (Heard{"0000000102", "interested"}));
    EXPECT_EQ(heard(append_message, MessageId::not_interested),
              (Heard{"0000000103", "not interested"}));
    EXPECT_EQ(heard(append_message, MessageId::have_all), (Heard{"000000010e", "have all"}));
    EXPECT_EQ(heard(append_message, MessageId::have_none), (Heard{"000000010f", "have none"}));
}

TEST(Message, MessagesThatNameAPieceAreHeardAsSent) {
    const PieceIndex piece(0x01020304);
    EXPECT_EQ(heard(append_have, piece), (Heard{"000000050401020304", "have 16909060"}));
    EXPECT_EQ(heard(append_suggest, piece), (Heard{"000000050d01020304", "suggest 16909060"}));
    EXPECT_EQ(heard(append_allowed_fast, piece),
              (Heard{"000000051101020304", "allowed fast 16909060"}));
}

TEST(Message, MessagesThatNameABlockAreHeardAsSent) {
    const BlockRef block = block_at(3, 0x8000);
    EXPECT_EQ(heard(append_request, block),
              (Heard{"0000000d06000000030000800000004000", "request 3:32768+16384"}));
    EXPECT_EQ(heard(append_cancel, block),
              (Heard{"0000000d08000000030000800000004000", "cancel 3:32768+16384"}));
    EXPECT_EQ(heard(append_reject, block),
              (Heard{"0000000d10000000030000800000004000", "reject 3:32768+16384"}));
}

TEST(Message, MessagesOfVaryingLengthAreHeardAsSent) {
    Bitfield bits(10);
    bits.set(0);
    bits.set(9);
    std::vector<std::byte> bytes;
    append_bitfield(bytes, bits);
    EXPECT_EQ(to_hex(bytes), "00000003058040");
    append_extended(bytes, 7, as_bytes("hello"));
    append_extended(bytes, 8, {});
    WireTestPeer peer;
    ASSERT_TRUE(peer.hear(bytes));
    EXPECT_THAT(peer.texts(), ElementsAre("bitfield 8040", "extended 7 68656c6c6f", "extended 8 "));
    EXPECT_EQ(heard(append_port, std::uint16_t{6881}), (Heard{"00000003091ae1", "port 6881"}));
}

TEST(Message, MessagesAboutHashesAreHeardAsSent) {
    HashRef range{{}, 4, 512, 2, 7};
    range.pieces_root.bytes.fill(std::byte{0xab});
    std::string root;
    for (int i = 0; i < 32; ++i) root += "ab";
    const std::string fields = root + "00000004000002000000000200000007";
    const std::string text = root + " 4 512+2 7";
    EXPECT_EQ(heard(append_hash_request, range),
              (Heard{"0000003115" + fields, "hash request " + text}));
    EXPECT_EQ(heard(append_hash_reject, range),
              (Heard{"0000003117" + fields, "hash reject " + text}));
    EXPECT_EQ(heard(append_hashes, range, std::vector{range.pieces_root}),
              (Heard{"0000005116" + fields + root, "hashes " + text + ' ' + root}));
}

TEST(Message, PieceHeaderPrecedesThePayload) {
    EXPECT_EQ(to_hex(piece_header(block_at(1, 0x4000))), "00004009070000000100004000");
}

TEST(Handshake, EveryFlagSurvivesTheRoundTrip) {
    for (unsigned flags = 0; flags < 8; ++flags) {
        Handshake sent{.info_hash = {},
                       .peer_id = {},
                       .extensions = (flags & 1) != 0,
                       .fast = (flags & 2) != 0,
                       .dht = (flags & 4) != 0};
        sent.info_hash.bytes.fill(std::byte{0xaa});
        sent.peer_id.bytes.fill(std::byte{0xbb});
        const auto parsed = parse_handshake(encode(sent));
        ASSERT_TRUE(parsed);
        EXPECT_EQ(*parsed, sent);
    }
}

TEST(Handshake, LooksAsTheSpecificationsSay) {
    const std::string hex = to_hex(encode(
        Handshake{.info_hash = {}, .peer_id = {}, .extensions = true, .fast = true, .dht = true}));
    EXPECT_EQ(hex.substr(0, 56), "13426974546f7272656e742070726f746f636f6c0000000000100005");
}

TEST(WireErrorName, EachIsItsOwn) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < wire_error_count; ++i)
        names.emplace_back(name(static_cast<WireError>(i)));
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}
