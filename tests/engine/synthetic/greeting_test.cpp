#include "engine/synthetic/greeting.hpp"

#include <gtest/gtest.h>

#include "engine/base/bitfield.hpp"
#include "engine/synthetic/content.hpp"
#include "hashing/digest.hpp"

using namespace spate;
using namespace spate::synthetic;

namespace {

std::vector<std::byte> conversation() {
    std::vector<std::byte> bytes = greeting(InfoHash{}, 7);
    Bitfield all(1000);
    all.set_all();
    wire::append_bitfield(bytes, all);
    wire::append_keep_alive(bytes);
    wire::append_message(bytes, wire::MessageId::unchoke);
    wire::append_request(bytes, {PieceIndex(3), 16384, 16384});
    return bytes;
}

std::vector<MessageReader::Message> read_in_parts(Bytes bytes, std::size_t part) {
    MessageReader reader;
    std::vector<MessageReader::Message> messages;
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(part, bytes.size()))) {
        Bytes now = bytes.first(std::min(part, bytes.size()));
        while (const auto message = reader.next(now)) messages.push_back(*message);
        EXPECT_TRUE(now.empty());
    }
    EXPECT_TRUE(reader.greeted());
    return messages;
}

}  // namespace

TEST(MessageReader, FindsTheSameMessagesHoweverTheBytesCome) {
    const auto bytes = conversation();
    for (const std::size_t part : {1, 2, 13, 68, 100, 1000}) {
        const auto messages = read_in_parts(bytes, part);
        ASSERT_EQ(messages.size(), 4U) << part;
        EXPECT_EQ(messages[0].id, wire::MessageId::bitfield);
        EXPECT_EQ(messages[0].length, 126U);
        EXPECT_EQ(messages[1].length, 0U);
        EXPECT_EQ(messages[2].id, wire::MessageId::unchoke);
        EXPECT_EQ(messages[3].id, wire::MessageId::request);
        EXPECT_EQ(load_be<std::uint32_t>(messages[3].body.data()), 3U);
        EXPECT_EQ(load_be<std::uint32_t>(messages[3].body.data() + 8), 16384U);
    }
}

TEST(Content, EveryPieceVerifiesFromTheOneBuffer) {
    const Content content = make_content(1'000'000, 65'536, 1);
    EXPECT_EQ(content.piece_count(), 15U);
    EXPECT_EQ(content.torrent.total_bytes, 15U * 65'536);
    for (std::uint32_t piece = 0; piece < content.piece_count(); ++piece)
        EXPECT_EQ(content.torrent.piece_hashes[piece], hashing::sha1(content.piece));
}

TEST(Content, HasAtLeastOnePiece) {
    EXPECT_EQ(make_content(1, 16'384, 1).piece_count(), 1U);
}
