#include "engine/wire/metadata_message.hpp"

#include <gtest/gtest.h>

#include "engine/wire/limits.hpp"

using namespace spate;
using namespace spate::wire;
using Kind = MetadataMessage::Kind;

namespace {

MetadataMessage parsed(Bytes body) {
    const auto message = parse_metadata_message(body);
    EXPECT_TRUE(message);
    return message.value_or(MetadataMessage{});
}

bool refused(std::string_view body) {
    const auto message = parse_metadata_message(as_bytes(body));
    return !message && message.error() == WireError::bad_metadata_message;
}

std::string data_message(std::uint64_t piece, std::uint64_t total, std::size_t data_bytes) {
    return "d8:msg_typei1e5:piecei" + std::to_string(piece) + "e10:total_sizei" +
           std::to_string(total) + "ee" + std::string(data_bytes, 'x');
}

}  // namespace

TEST(MetadataMessage, RequestAndRejectSurviveTheRoundTrip) {
    std::vector<std::byte> message;
    append_metadata_request(message, 3, 7);
    EXPECT_EQ(message[5], std::byte{3});
    EXPECT_EQ(as_text(Bytes(message).subspan(6)), "d8:msg_typei0e5:piecei7ee");
    EXPECT_EQ(parsed(Bytes(message).subspan(6)).kind, Kind::request);
    EXPECT_EQ(parsed(Bytes(message).subspan(6)).piece, 7U);
    message.clear();
    append_metadata_reject(message, 3, 8);
    EXPECT_EQ(parsed(Bytes(message).subspan(6)).kind, Kind::reject);
}

TEST(MetadataMessage, PiecesOfADictionaryMakeItWholeAgain) {
    std::vector<std::byte> metadata(2 * metadata_piece_size_bytes + 100);
    for (std::size_t i = 0; i < metadata.size(); ++i) metadata[i] = static_cast<std::byte>(i * 7);
    std::vector<std::byte> assembled;
    for (std::uint32_t piece = 0; piece < 3; ++piece) {
        std::vector<std::byte> message;
        append_metadata_data(message, 1, piece, metadata);
        const MetadataMessage heard = parsed(Bytes(message).subspan(6));
        EXPECT_EQ(heard.kind, Kind::data);
        EXPECT_EQ(heard.piece, piece);
        EXPECT_EQ(heard.total_size_bytes, metadata.size());
        assembled.insert(assembled.end(), heard.data.begin(), heard.data.end());
    }
    EXPECT_EQ(assembled, metadata);
}

TEST(MetadataMessage, TypesOfTheFutureAreToBeIgnored) {
    EXPECT_EQ(parsed(as_bytes("d8:msg_typei3ee")).kind, Kind::other);
    EXPECT_EQ(parsed(as_bytes("d8:msg_typei-1ee")).kind, Kind::other);
}

TEST(MetadataMessage, DataOfTheWrongSizeIsRefused) {
    EXPECT_FALSE(refused(data_message(0, 100, 100)));
    EXPECT_TRUE(refused(data_message(0, 100, 99)));
    EXPECT_TRUE(refused(data_message(0, 100, 101)));
    EXPECT_TRUE(refused(data_message(1, 100, 100))) << "no such piece";
    EXPECT_TRUE(refused(data_message(0, 0, 0)));
    EXPECT_FALSE(refused(data_message(1, 16384 + 5, 5)));
    EXPECT_TRUE(refused("d8:msg_typei1e5:piecei0ee")) << "without the size";
}

TEST(MetadataMessage, SizesAreLimited) {
    const std::uint32_t pieces_max = metadata_piece_count(metadata_bytes_max);
    EXPECT_FALSE(refused(data_message(pieces_max - 1, metadata_bytes_max, 16384)));
    EXPECT_TRUE(refused(data_message(0, std::uint64_t{metadata_bytes_max} + 1, 16384)));
    const auto request = [](std::uint64_t piece) {
        return "d8:msg_typei0e5:piecei" + std::to_string(piece) + "ee";
    };
    EXPECT_FALSE(refused(request(pieces_max - 1)));
    EXPECT_TRUE(refused(request(pieces_max)));
    const std::size_t body_max = metadata_header_bytes_max + metadata_piece_size_bytes;
    EXPECT_FALSE(refused(request(0) + std::string(body_max - request(0).size(), 'x')));
    EXPECT_TRUE(refused(request(0) + std::string(body_max - request(0).size() + 1, 'x')));
}

TEST(MetadataMessage, WhatIsNoMessageIsRefused) {
    for (const std::string_view body :
         {"", "i0e", "de", "d8:msg_type1:0e", "d8:msg_typei0ee", "d8:msg_typei0e5:piecei-1ee"})
        EXPECT_TRUE(refused(body)) << body;
}
