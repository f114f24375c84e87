#include "engine/session/metadata_fetch.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::session;
using testing::ElementsAre;

namespace {

constexpr Time start{100s};
constexpr ConnectionId honest{1};
constexpr ConnectionId liar{2};
constexpr std::uint32_t size_bytes = 20'000;  // two pieces

std::vector<std::byte> piece(std::uint32_t index) {
    return std::vector<std::byte>(index == 0 ? 16'384 : size_bytes - 16'384, std::byte{7});
}

/// Asks the peer for whatever is wanted, and answers. True when the dictionary is complete.
bool serve(MetadataFetch& fetch, ConnectionId peer, Time now = start) {
    bool complete = false;
    while (const auto wanted = fetch.next_request(peer, now))
        complete = fetch.on_data(peer, *wanted, size_bytes, piece(*wanted));
    return complete;
}

}  // namespace

TEST(MetadataFetch, CollectsThePiecesOfOnePeer) {
    MetadataFetch fetch;
    fetch.on_peer(honest, size_bytes);
    EXPECT_TRUE(serve(fetch, honest));
    EXPECT_EQ(fetch.bytes(), std::vector<std::byte>(size_bytes, std::byte{7}));
}

TEST(MetadataFetch, AsksAnotherPeerWhenOneIsSilent) {
    MetadataFetch fetch;
    fetch.on_peer(liar, size_bytes);
    fetch.on_peer(honest, size_bytes);
    EXPECT_EQ(fetch.next_request(liar, start), 0U);
    EXPECT_EQ(fetch.next_request(liar, start), 1U);
    EXPECT_FALSE(fetch.next_request(honest, start));
    EXPECT_TRUE(serve(fetch, honest, start + MetadataFetch::request_timeout));
}

TEST(MetadataFetch, TriesAnotherSizeWhenNothingComesOfTheFirst) {
    MetadataFetch fetch;
    fetch.on_peer(liar, 5);
    fetch.on_peer(honest, size_bytes);
    EXPECT_EQ(fetch.next_request(liar, start), 0U);
    EXPECT_FALSE(fetch.next_request(honest, start + 1s));
    EXPECT_TRUE(serve(fetch, honest, start + MetadataFetch::request_timeout));
}

TEST(MetadataFetch, GoesOnWithTheOthersWhenThePeerThatNamedTheSizeLeaves) {
    MetadataFetch fetch;
    fetch.on_peer(liar, 5);
    fetch.on_peer(honest, size_bytes);
    fetch.on_gone(liar);
    EXPECT_TRUE(serve(fetch, honest));
}

TEST(MetadataFetch, BelievesTheNextPeerWhenTheOnlyOneHasLeft) {
    MetadataFetch fetch;
    fetch.on_peer(liar, 5);
    fetch.on_gone(liar);
    fetch.on_peer(honest, size_bytes);
    EXPECT_TRUE(serve(fetch, honest));
}

TEST(MetadataFetch, StartsAgainWithThePeersThatTookNoPartInTheLie) {
    MetadataFetch fetch;
    fetch.on_peer(liar, size_bytes);
    fetch.on_peer(honest, size_bytes);
    ASSERT_TRUE(serve(fetch, liar));
    EXPECT_THAT(fetch.start_again(), ElementsAre(liar));
    EXPECT_FALSE(fetch.next_request(liar, start));
    EXPECT_TRUE(serve(fetch, honest));
}

TEST(MetadataFetch, RefusesDataOfTheWrongSizeOrFromStrangers) {
    MetadataFetch fetch;
    fetch.on_peer(honest, size_bytes);
    ASSERT_EQ(fetch.next_request(honest, start), 0U);
    EXPECT_FALSE(fetch.on_data(honest, 0, size_bytes + 1, piece(0)));
    EXPECT_FALSE(fetch.on_data(honest, 0, size_bytes, piece(1)));
    EXPECT_FALSE(fetch.on_data(liar, 0, size_bytes, piece(0)));
    EXPECT_FALSE(fetch.on_data(honest, 9, size_bytes, piece(0)));
    EXPECT_TRUE(serve(fetch, honest, start + MetadataFetch::request_timeout));
}
