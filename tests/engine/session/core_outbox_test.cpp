#include "engine/session/core_outbox.hpp"

#include <gtest/gtest.h>

namespace spate::session {
namespace {

constexpr TorrentId torrent(0);

PeerInterest interest(std::uint32_t peer, bool interested) {
    return {torrent, {CoreIndex(1), ConnectionId(peer)}, interested};
}

template <class Kind>
Kind take(CoreOutbox& outbox) {
    Kind message = std::get<Kind>(*outbox.front());
    outbox.pop_front();
    return message;
}

TEST(CoreOutbox, APeersInterestStandsInItOnceAndSaysTheNewest) {
    CoreOutbox outbox;
    for (int i = 0; i < 1'000; ++i) {
        outbox.add(interest(1, i % 2 == 0));
        outbox.add(interest(2, i % 2 == 1));
    }
    ASSERT_EQ(outbox.size(), 2U);
    EXPECT_FALSE(take<PeerInterest>(outbox).interested);
    EXPECT_TRUE(take<PeerInterest>(outbox).interested);
    EXPECT_EQ(outbox.front(), nullptr);
}

TEST(CoreOutbox, WhatComesAfterTheOtherCoreTookItIsToldAgain) {
    CoreOutbox outbox;
    outbox.add(interest(1, true));
    outbox.pop_front();
    outbox.add(interest(1, false));
    ASSERT_EQ(outbox.size(), 1U);
    EXPECT_FALSE(take<PeerInterest>(outbox).interested);
}

TEST(CoreOutbox, StateKeepsItsPlaceAmongWhatMustArriveAsItIs) {
    CoreOutbox outbox;
    const PeerJoined joined{torrent, {CoreIndex(1), ConnectionId(1)}, {}, {}};
    outbox.add(joined);
    outbox.add(interest(1, true));
    outbox.add(PeerLeft{torrent, {CoreIndex(1), ConnectionId(1)}, {}});
    outbox.add(joined);
    outbox.add(PeerLeft{torrent, {CoreIndex(1), ConnectionId(1)}, {}});
    EXPECT_EQ(outbox.size(), 5U) << "nothing is lost";
    take<PeerJoined>(outbox);
    take<PeerInterest>(outbox);
    take<PeerLeft>(outbox);
    take<PeerJoined>(outbox);
    take<PeerLeft>(outbox);
}

TEST(CoreOutbox, ChokingAndRatesStandInItOnce) {
    CoreOutbox outbox;
    for (std::uint64_t i = 0; i < 100; ++i) {
        outbox.add(SetChoke{torrent, ConnectionId(1), i % 2 == 0, i});
        outbox.add(PeerRates{torrent, {{.peer = {}, .rate_bytes_per_s = i}}});
    }
    ASSERT_EQ(outbox.size(), 2U);
    EXPECT_EQ(take<SetChoke>(outbox).rate_max_bytes_per_s, 99U);
    EXPECT_EQ(take<PeerRates>(outbox).entries.front().rate_bytes_per_s, 99U);
}

TEST(CoreOutbox, StoredPiecesOfATorrentTravelTogether) {
    CoreOutbox outbox;
    for (std::uint32_t piece = 0; piece < 3; ++piece)
        outbox.add(PiecesStored{torrent, {PieceIndex(piece)}});
    outbox.add(PiecesStored{TorrentId(1), {PieceIndex(7)}});
    ASSERT_EQ(outbox.size(), 2U);
    EXPECT_EQ(take<PiecesStored>(outbox).pieces.size(), 3U);
    EXPECT_EQ(take<PiecesStored>(outbox).pieces.size(), 1U);
}

}  // namespace
}  // namespace spate::session
