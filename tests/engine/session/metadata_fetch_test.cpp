#include "engine/session/metadata_fetch.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "engine/wire/metadata_message.hpp"

namespace spate::session {
namespace {

constexpr Time start{1'000s};
constexpr ConnectionId honest{1};
constexpr ConnectionId liar{2};
constexpr std::uint32_t part_bytes = wire::metadata_piece_size_bytes;
constexpr std::uint32_t size = 4 * part_bytes + 100;

using Whole = std::optional<std::vector<std::byte>>;

std::vector<std::byte> dictionary() {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i / 97);
    return bytes;
}

MetadataFetch::Source source(ConnectionId id) {
    const std::byte address[]{std::byte{10}, std::byte{0}, std::byte{0},
                              static_cast<std::byte>(id.value)};
    return {id, {IpAddress(address), 6881}, {}};
}

struct MetadataFetchTest : testing::Test {
    void join(ConnectionId peer, std::uint32_t said = size, Time now = start) {
        fetch.on_peer(source(peer), said, now);
    }
    Whole give(ConnectionId peer, std::uint32_t part, Time now = start, bool lie = false) {
        std::vector<std::byte> all = dictionary();
        const std::size_t at = std::size_t{part} * part_bytes;
        if (at < all.size() && lie) all[at] ^= std::byte{1};
        return fetch.on_data(
            peer, part, size,
            Bytes(all).subspan(at, std::min<std::size_t>(part_bytes, all.size() - at)), now);
    }
    /// Asks the peer for one part after the other, and answers.
    Whole give_all(ConnectionId peer, Time now = start, bool lie = false) {
        while (const auto part = fetch.next_request(peer, now))
            if (auto whole = give(peer, *part, now, lie)) return whole;
        return std::nullopt;
    }
    /// Each gives two parts, and the first the rest.
    Whole give_together(ConnectionId first, ConnectionId second, bool first_lies) {
        for (int i = 0; i < 2; ++i) {
            (void)give(second, *fetch.next_request(second, start));
            (void)give(first, *fetch.next_request(first, start), start, first_lies);
        }
        return give_all(first, start, first_lies);
    }

    MetadataFetch fetch{SipKey{1, 2}};
};

TEST_F(MetadataFetchTest, CollectsThePartsFromWhoeverHasThem) {
    EXPECT_FALSE(fetch.next_request(honest, start));
    join(honest);
    EXPECT_EQ(give_all(honest), dictionary());
    EXPECT_TRUE(fetch.on_checked(true, start).empty());
    EXPECT_TRUE(fetch.done());
}

TEST_F(MetadataFetchTest, FewPartsAreAskedOfAPeerAtATime) {
    join(honest);
    join(liar);
    EXPECT_EQ(fetch.next_request(honest, start), 0U);
    EXPECT_EQ(fetch.next_request(honest, start), 1U);
    EXPECT_FALSE(fetch.next_request(honest, start));
    EXPECT_EQ(fetch.next_request(liar, start), 2U) << "others have their share";
}

TEST_F(MetadataFetchTest, APartIsAskedOfAnotherPeerWhenItDidNotCome) {
    join(liar);
    join(honest);
    while (fetch.next_request(liar, start)) {
    }
    EXPECT_FALSE(give_all(honest, start + MetadataCollection::request_timeout - 1ms));
    EXPECT_EQ(give_all(honest, start + MetadataCollection::request_timeout), dictionary());
}

TEST_F(MetadataFetchTest, ASilentPeerIsAskedAgainAfterAPause) {
    join(honest);
    while (fetch.next_request(honest, start)) {
    }
    const Time given_up = start + MetadataFetch::patience;
    EXPECT_FALSE(fetch.next_request(honest, given_up));
    EXPECT_FALSE(give(honest, 0, given_up)) << "nobody waits for it any more";
    EXPECT_EQ(give_all(honest, given_up + MetadataFetch::pause), dictionary());
}

TEST_F(MetadataFetchTest, ARejectedPartIsAskedOfAnotherPeerAtOnce) {
    join(liar);
    join(honest);
    EXPECT_EQ(fetch.next_request(liar, start), 0U);
    fetch.on_reject(liar, 0, start);
    EXPECT_FALSE(fetch.next_request(liar, start)) << "it has a pause";
    EXPECT_EQ(fetch.next_request(honest, start), 0U);
    EXPECT_TRUE(fetch.next_request(liar, start + MetadataFetch::pause));
}

TEST_F(MetadataFetchTest, WhatNobodyWasAskedForIsNotTaken) {
    join(honest);
    join(liar);
    EXPECT_EQ(fetch.next_request(honest, start), 0U);
    EXPECT_FALSE(give(liar, 0, start, true));
    EXPECT_FALSE(give(liar, 3, start, true));
    EXPECT_EQ(give_all(honest), std::nullopt) << "the first is still under way";
    EXPECT_EQ(give(honest, 0), dictionary());
}

TEST_F(MetadataFetchTest, DataThatDoesNotFitIsPassedOver) {
    join(honest);
    const std::vector<std::byte> data(part_bytes);
    EXPECT_EQ(fetch.next_request(honest, start), 0U);
    EXPECT_FALSE(fetch.on_data(liar, 0, size, data, start)) << "never said that it has it";
    EXPECT_FALSE(fetch.on_data(honest, 0, size + 1, data, start));
    EXPECT_FALSE(fetch.on_data(honest, 9, size, data, start));
    EXPECT_FALSE(fetch.on_data(honest, 0, size, Bytes(data).first(100), start));
    EXPECT_FALSE(give_all(honest));
    EXPECT_EQ(give(honest, 0), dictionary());
}

TEST_F(MetadataFetchTest, WhoGaveAllOfAFalseWholeHasLied) {
    join(liar);
    join(honest);
    EXPECT_TRUE(give_all(liar, start, true));
    EXPECT_EQ(fetch.on_checked(false, start), std::vector{source(liar)});
    fetch.on_left(liar);
    EXPECT_EQ(give_all(honest), dictionary());
}

TEST_F(MetadataFetchTest, OfAFalseWholeOfSeveralWhoseFalsePartsAreFoundLater) {
    join(liar);
    join(honest);
    ASSERT_TRUE(give_together(liar, honest, true));
    EXPECT_TRUE(fetch.on_checked(false, start).empty()) << "it could be either";
    EXPECT_EQ(give_all(honest), dictionary()) << "whole from each";
    EXPECT_EQ(fetch.on_checked(true, start), std::vector{source(liar)});
}

TEST_F(MetadataFetchTest, ALiarThatLeftIsConvictedAsWell) {
    join(liar);
    join(honest);
    ASSERT_TRUE(give_together(liar, honest, true));
    EXPECT_TRUE(fetch.on_checked(false, start).empty());
    fetch.on_left(liar);
    EXPECT_EQ(give_all(honest), dictionary());
    EXPECT_EQ(fetch.on_checked(true, start), std::vector{source(liar)});
}

TEST_F(MetadataFetchTest, AfterAFalseWholeOfSeveralALiarTakesPartInItsOwnWholeOnly) {
    join(liar);
    join(honest);
    ASSERT_TRUE(give_together(liar, honest, true));
    EXPECT_TRUE(fetch.on_checked(false, start).empty());
    EXPECT_TRUE(give_all(liar, start, true));
    EXPECT_EQ(fetch.on_checked(false, start), std::vector{source(liar)});
    EXPECT_EQ(give_all(honest), dictionary());
}

TEST_F(MetadataFetchTest, SizesAreTriedInParallel) {
    join(liar, wire::metadata_bytes_max);
    join(honest);
    EXPECT_TRUE(fetch.next_request(liar, start));
    EXPECT_EQ(give_all(honest), dictionary());
}

TEST_F(MetadataFetchTest, TheSizeThatMostSayIsTriedFirst) {
    for (std::uint32_t i = 0; i < 20; ++i) join(ConnectionId(10 + i), size + 1 + i);
    join(honest);
    join(ConnectionId(3));
    EXPECT_EQ(give_all(honest), dictionary());
}

/// The places of those who say what nobody else says, and give a part now and then.
TEST_F(MetadataFetchTest, ACrowdOfLiesIsOverInTime) {
    const std::vector<std::byte> data(part_bytes);
    constexpr std::uint32_t crowd = 40;
    for (std::uint32_t i = 0; i < crowd; ++i) join(ConnectionId(10 + i), size + 1 + i);
    join(honest);
    Time now = start;
    Whole whole;
    for (; !whole && now < start + 60s; now += 500ms) {
        for (std::uint32_t i = 0; i < crowd; ++i)
            if (const auto part = fetch.next_request(ConnectionId(10 + i), now))
                (void)fetch.on_data(ConnectionId(10 + i), *part, size + 1 + i, data, now);
        whole = give_all(honest, now);
    }
    EXPECT_EQ(whole, dictionary());
}

TEST_F(MetadataFetchTest, WhatPeersSayTogetherIsBounded) {
    for (std::uint32_t i = 0; i < 3; ++i) join(ConnectionId(i), wire::metadata_bytes_max - i);
    int asked = 0;
    for (std::uint32_t i = 0; i < 3; ++i)
        asked += fetch.next_request(ConnectionId(i), start).has_value();
    EXPECT_EQ(asked, 2);
}

TEST_F(MetadataFetchTest, WhatAPeerGaveStaysWhenItLeaves) {
    join(liar);
    EXPECT_EQ(fetch.next_request(liar, start), 0U);
    EXPECT_FALSE(give(liar, 0));
    fetch.on_left(liar);
    join(honest);
    EXPECT_EQ(fetch.next_request(honest, start), 1U);
}

TEST_F(MetadataFetchTest, SizesThatCannotBeAreNotBelieved) {
    join(liar, 0);
    join(liar, wire::metadata_bytes_max + 1);
    EXPECT_FALSE(fetch.next_request(liar, start));
    join(honest, wire::metadata_bytes_max);
    EXPECT_TRUE(fetch.next_request(honest, start));
}

TEST_F(MetadataFetchTest, WhatComesAfterTheWholeChangesNothing) {
    join(honest);
    ASSERT_TRUE(give_all(honest));
    for (const bool checked : {false, true}) {
        if (checked) (void)fetch.on_checked(true, start);
        join(liar, size + 5);
        join(honest, size + 7);
        EXPECT_FALSE(fetch.next_request(liar, start + 1h));
        EXPECT_FALSE(fetch.next_request(honest, start + 1h));
        EXPECT_FALSE(give(honest, 0));
        fetch.on_reject(honest, 0, start);
        fetch.on_left(honest);
    }
    EXPECT_TRUE(fetch.on_checked(false, start).empty());
    EXPECT_TRUE(fetch.done());
}

}  // namespace
}  // namespace spate::session
