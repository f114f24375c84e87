#include "engine/session/metadata_fetch.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "engine/wire/limits.hpp"
#include "engine/wire/metadata_message.hpp"

namespace spate::session {
namespace {

constexpr Time start{1'000s};
constexpr ConnectionId honest{1};
constexpr ConnectionId liar{2};
constexpr std::uint32_t piece_bytes = wire::metadata_piece_size_bytes;
constexpr std::uint32_t size = 2 * piece_bytes + 100;

std::vector<std::byte> dictionary() {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i / 97);
    return bytes;
}

struct MetadataFetchTest : testing::Test {
    /// Asks the peer for everything it may be asked for now and answers truly.
    bool answer_all(ConnectionId peer, Time now) {
        bool complete = false;
        while (const auto piece = fetch.next_request(peer, now))
            complete |= answer(peer, *piece, now);
        return complete;
    }
    bool answer(ConnectionId peer, std::uint32_t piece, Time now = start) {
        const std::vector<std::byte> all = dictionary();
        const std::size_t at = std::size_t{piece} * piece_bytes;
        return fetch.on_data(
            peer, piece, size,
            Bytes(all).subspan(at, std::min<std::size_t>(piece_bytes, all.size() - at)), now);
    }

    MetadataFetch fetch;
};

TEST_F(MetadataFetchTest, CollectsThePiecesFromWhoeverHasThem) {
    EXPECT_FALSE(fetch.next_request(honest, start));
    fetch.on_peer(honest, size);
    EXPECT_TRUE(answer_all(honest, start));
    EXPECT_EQ(fetch.bytes(), dictionary());
}

TEST_F(MetadataFetchTest, APieceIsAskedOfAnotherPeerWhenNoneCame) {
    fetch.on_peer(liar, size);
    fetch.on_peer(honest, size);
    while (fetch.next_request(liar, start)) {
    }
    EXPECT_FALSE(fetch.next_request(honest, start + MetadataFetch::request_timeout - 1ms));
    EXPECT_TRUE(answer_all(honest, start + MetadataFetch::request_timeout));
}

TEST_F(MetadataFetchTest, ARejectedPieceIsAskedOfAnotherPeerAtOnce) {
    fetch.on_peer(liar, size);
    fetch.on_peer(honest, size);
    EXPECT_EQ(fetch.next_request(liar, start), 0U);
    fetch.on_reject(liar, 0);
    EXPECT_EQ(fetch.next_request(honest, start), 0U);
    EXPECT_FALSE(fetch.next_request(liar, start + 1h)) << "it isn't asked again";
}

TEST_F(MetadataFetchTest, DataThatDoesNotFitIsPassedOver) {
    fetch.on_peer(honest, size);
    const std::vector<std::byte> data(piece_bytes);
    EXPECT_FALSE(fetch.on_data(liar, 0, size, data, start)) << "never said that it has it";
    EXPECT_FALSE(fetch.on_data(honest, 0, size + 1, data, start));
    EXPECT_FALSE(fetch.on_data(honest, 3, size, data, start));
    EXPECT_FALSE(fetch.on_data(honest, 2, size, data, start)) << "the last piece is shorter";
    EXPECT_TRUE(answer_all(honest, start));
}

TEST_F(MetadataFetchTest, AfterALieTheHonestPeersAreAskedAgain) {
    fetch.on_peer(liar, size);
    fetch.on_peer(honest, size);
    EXPECT_TRUE(answer_all(liar, start));
    EXPECT_EQ(fetch.start_again(), std::set<ConnectionId>{liar});
    EXPECT_FALSE(fetch.next_request(liar, start)) << "it took part in the lie";
    EXPECT_TRUE(answer_all(honest, start));
}

TEST_F(MetadataFetchTest, ALieAboutTheSizeIsLeftForWhatOthersSay) {
    fetch.on_peer(liar, wire::metadata_bytes_max);
    fetch.on_peer(honest, size);
    Time now = start;
    bool complete = false;
    for (int i = 0; i < 60 && !complete; ++i, now += 500ms) {
        (void)fetch.next_request(liar, now);
        complete = answer_all(honest, now);
    }
    EXPECT_TRUE(complete);
    EXPECT_EQ(fetch.bytes(), dictionary());
}

TEST_F(MetadataFetchTest, ALiarThatLeavesTakesItsSizeWithIt) {
    fetch.on_peer(liar, size + 1);
    (void)fetch.next_request(liar, start);
    fetch.on_left(liar);
    fetch.on_peer(honest, size);
    EXPECT_TRUE(answer_all(honest, start));
}

TEST_F(MetadataFetchTest, WhatAPeerSentStaysWhenItLeaves) {
    fetch.on_peer(liar, size);
    EXPECT_EQ(fetch.next_request(liar, start), 0U);
    EXPECT_FALSE(answer(liar, 0));
    fetch.on_left(liar);
    fetch.on_peer(honest, size);
    EXPECT_EQ(fetch.next_request(honest, start), 1U);
}

TEST_F(MetadataFetchTest, SizesThatCannotBeAreNotBelieved) {
    fetch.on_peer(liar, 0);
    fetch.on_peer(liar, wire::metadata_bytes_max + 1);
    EXPECT_FALSE(fetch.next_request(liar, start));
    fetch.on_peer(honest, wire::metadata_bytes_max);
    EXPECT_TRUE(fetch.next_request(honest, start));
}

}  // namespace
}  // namespace spate::session
