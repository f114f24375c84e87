#include "engine/session/home.hpp"

#include <gtest/gtest.h>

#include "engine/swarm/peer_priority.hpp"
#include "tests/engine/session/test_peer.hpp"

namespace spate::session {
namespace {

constexpr Time start{1'000s};
constexpr TorrentId torrent{0};

swarm::PeerKey key(std::uint32_t number) {
    return {CoreIndex(0), ConnectionId(number)};
}

struct HomeTest : testing::Test {
    static Home make(Home::Options options = {}) {
        return {options, 1, start + swarm::Choker::round};
    }

    /// An incoming connection from a peer of its own.
    Home::JoinVerdict join(Home& home, std::uint8_t number) {
        return home.on_joined({torrent, key(number), remote(number), peer_id(number), false},
                              peer_id(0xff), start);
    }
    std::vector<Home::ChokeChange> interest(Home& home, std::uint32_t number, bool interested) {
        std::vector<Home::ChokeChange> changes;
        home.on_interest({torrent, key(number), interested}, start, changes);
        return changes;
    }
    std::vector<Home::ChokeChange> leave(Home& home, std::uint8_t number, bool ban = false) {
        std::vector<Home::ChokeChange> changes;
        home.on_left({torrent, key(number), remote(number), true, false, ban}, random, start,
                     changes);
        return changes;
    }
    static Endpoint remote(std::uint8_t number) {
        const std::byte address[]{std::byte{10}, std::byte{0}, std::byte{0}, std::byte{number}};
        return {IpAddress(address), 6881};
    }

    Prng random{1};
};

TEST_F(HomeTest, BothEndsKeepTheSameOfTwoConnectionsWhateverTheirOrder) {
    // A has the greater id. Connection 1 was called by A, connection 2 by B.
    const PeerId a = peer_id(9);
    const PeerId b = peer_id(3);
    for (const bool called_by_a_first : {true, false}) {
        for (const bool at_a : {true, false}) {
            Home home = make();
            home.peers().add(remote(1));
            ASSERT_TRUE(home.next_call(random, start));
            const PeerId& us = at_a ? a : b;
            const PeerId& them = at_a ? b : a;
            const PeerJoined by_a{torrent, key(1), remote(1), them, at_a};
            const PeerJoined by_b{torrent, key(2), remote(1), them, !at_a};
            EXPECT_FALSE(home.on_joined(called_by_a_first ? by_a : by_b, us, start).drop);
            const auto verdict = home.on_joined(called_by_a_first ? by_b : by_a, us, start);
            EXPECT_EQ(verdict.drop, key(2)) << "the one that B called";
            EXPECT_EQ(verdict.reason, DropReason::duplicate_peer);
        }
    }
}

TEST_F(HomeTest, APeerOfABannedAddressIsDropped) {
    Home home = make();
    EXPECT_FALSE(join(home, 1).drop);
    (void)leave(home, 1, true);
    const auto verdict = join(home, 1);
    EXPECT_EQ(verdict.drop, key(1));
    EXPECT_EQ(verdict.reason, DropReason::banned);
}

TEST_F(HomeTest, AStrangerWithAPeersIdNeitherTakesItsPlaceNorGetsItBanned) {
    Home home = make();
    home.peers().add(remote(1));
    ASSERT_TRUE(home.next_call(random, start));
    EXPECT_FALSE(
        home.on_joined({torrent, key(1), remote(1), peer_id(9), true}, peer_id(3), start).drop);
    EXPECT_FALSE(
        home.on_joined({torrent, key(2), remote(2), peer_id(9), false}, peer_id(3), start).drop);
    (void)leave(home, 2, true);
    (void)leave(home, 1);
    EXPECT_FALSE(
        home.on_joined({torrent, key(3), remote(1), peer_id(9), false}, peer_id(3), start).drop)
        << "the one that was there first is as welcome as before";
}

TEST_F(HomeTest, ALiarOnLoopbackIsKnownByItsPortAndIdAndItsNeighboursStayWelcome) {
    Home home = make();
    const Endpoint local = *Endpoint::parse("127.0.0.1:6881");
    EXPECT_FALSE(
        home.on_joined({torrent, key(1), local, peer_id(1), false}, peer_id(9), start).drop);
    std::vector<Home::ChokeChange> changes;
    home.on_left({torrent, key(1), local, true, false, true}, random, start, changes);
    EXPECT_FALSE(
        home.on_joined({torrent, key(2), local, peer_id(2), false}, peer_id(9), start).drop);
    home.peers().add(local);
    EXPECT_FALSE(home.next_call(random, start + 1h)) << "it isn't called any more";
    const Endpoint elsewhere = *Endpoint::parse("127.0.0.1:6882");
    EXPECT_FALSE(
        home.on_joined({torrent, key(4), elsewhere, peer_id(1), false}, peer_id(9), start).drop)
        << "an id alone proves nothing";
    const auto verdict =
        home.on_joined({torrent, key(3), local, peer_id(1), false}, peer_id(9), start);
    EXPECT_EQ(verdict.drop, key(3));
    EXPECT_EQ(verdict.reason, DropReason::banned);
}

TEST_F(HomeTest, OneMoreThanThePeerLimitIsDropped) {
    Home home = make({.peers_max = 2});
    EXPECT_FALSE(join(home, 1).drop);
    EXPECT_FALSE(join(home, 2).drop);
    const auto verdict = join(home, 3);
    EXPECT_EQ(verdict.drop, key(3));
    EXPECT_EQ(verdict.reason, DropReason::too_many_peers);
    (void)leave(home, 3);
    EXPECT_EQ(home.peer_count(), 2U);
}

TEST_F(HomeTest, SlotsAreGivenAtOnceUntilTheyAreGone) {
    Home home = make({.upload_slots = 2});
    for (std::uint8_t i = 1; i <= 4; ++i) join(home, i);
    for (std::uint32_t i = 1; i <= 3; ++i) {
        const auto changes = interest(home, i, true);
        ASSERT_EQ(changes.size(), 1U);
        EXPECT_FALSE(changes[0].choke);
    }
    EXPECT_TRUE(interest(home, 4, true).empty());
    const auto changes = interest(home, 1, false);
    ASSERT_EQ(changes.size(), 2U) << "one choked, one unchoked";
    EXPECT_TRUE(changes[0].choke);
    EXPECT_FALSE(changes[1].choke);
    EXPECT_EQ(changes[1].peer, key(4));
}

TEST_F(HomeTest, TheSlotOfAPeerThatLeavesGoesToAnotherAtOnce) {
    Home home = make({.upload_slots = 1});
    for (std::uint8_t i = 1; i <= 3; ++i) {
        join(home, i);
        (void)interest(home, i, true);
    }
    const auto changes = leave(home, 1);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].peer, key(3));
    EXPECT_FALSE(changes[0].choke);
}

TEST_F(HomeTest, ThoseThatGiveMostAreServedNextRound) {
    Home home = make({.upload_slots = 1});
    for (std::uint8_t i = 1; i <= 10; ++i) {
        join(home, i);
        (void)interest(home, i, true);
    }
    home.on_rates({torrent, {{.peer = key(7), .rate_bytes_per_s = 1'000'000}}});
    std::vector<Home::ChokeChange> changes;
    home.rechoke_if_due(false, random, start + 9s, changes);
    EXPECT_TRUE(changes.empty());
    home.rechoke_if_due(false, random, start + swarm::Choker::round, changes);
    EXPECT_NE(
        std::ranges::find_if(
            changes, [](const auto& change) { return change.peer == key(7) && !change.choke; }),
        changes.end());
}

TEST_F(HomeTest, WhenThereAreEnoughAnIdlePeerOfLowerPriorityMakesRoom) {
    Home home = make({.peers_max = 20});
    const Endpoint own = *Endpoint::parse("123.213.32.10:6881");
    home.on_own_address({torrent, own, remote(1).address});
    EXPECT_FALSE(home.peers().own()) << "one may lie";
    home.on_own_address({torrent, own, remote(2).address});
    ASSERT_EQ(home.peers().own(), own);
    for (std::uint8_t i = 1; i <= 20; ++i) EXPECT_FALSE(join(home, i).drop);
    const auto priority = [&](std::uint8_t i) { return swarm::peer_priority(own, remote(i)); };
    int replaced = 0;
    for (std::uint8_t i = 21; i <= 60; ++i) {
        const auto verdict = join(home, i);
        ASSERT_TRUE(verdict.drop);
        EXPECT_EQ(verdict.reason, DropReason::too_many_peers);
        const auto gone = static_cast<std::uint8_t>(verdict.drop->connection.value);
        if (gone != i) {
            ++replaced;
            EXPECT_LT(priority(gone), priority(i));
        }
        (void)leave(home, gone);
        EXPECT_EQ(home.peer_count(), 20U);
    }
    EXPECT_GT(replaced, 5);
}

TEST_F(HomeTest, AutomaticSlotsFollowTheUplink) {
    Home home = make({.upload_slots = swarm::Choker::slots_auto,
                      .uplink_bytes_per_s = 1'000'000,
                      .peers_max = 100});
    for (std::uint8_t i = 1; i <= 60; ++i) {
        join(home, i);
        (void)interest(home, i, true);
    }
    std::vector<Home::ChokeChange> changes;
    home.rechoke_if_due(true, random, start + swarm::Choker::round, changes);
    EXPECT_EQ(home.unchoked_count(), swarm::slots_for_uplink(1'000'000) + 1);
}

TEST_F(HomeTest, TheTyrantServesAtTheRateThatItPays) {
    Home home = make({.upload_slots = swarm::Choker::slots_auto,
                      .leech_strategy = swarm::LeechStrategy::tyrant,
                      .uplink_bytes_per_s = 750'000});
    for (std::uint8_t i = 1; i <= 40; ++i) join(home, i);
    const auto first = interest(home, 1, true);
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].rate_max_bytes_per_s, 15'000U);
    for (std::uint8_t i = 2; i <= 40; ++i) (void)interest(home, i, true);
    std::vector<Home::ChokeChange> changes;
    home.rechoke_if_due(false, random, start + swarm::Choker::round, changes);
    EXPECT_EQ(home.unchoked_count(), 40U) << "forty times fifteen thousand";
    changes.clear();
    home.rechoke_if_due(false, random, start + 2 * swarm::Choker::round, changes);
    EXPECT_EQ(changes.size(), 40U);
    for (const auto& change : changes) {
        EXPECT_FALSE(change.choke);
        EXPECT_EQ(change.rate_max_bytes_per_s, 18'000U) << "who doesn't reciprocate is paid more";
    }
}

TEST_F(HomeTest, AConvictedPeerThatHasLeftIsBanned) {
    Home home = make();
    EXPECT_FALSE(join(home, 1).drop);
    (void)leave(home, 1);
    home.on_convicted({torrent, remote(1), peer_id(1)});
    EXPECT_EQ(join(home, 1).reason, DropReason::banned);
}

TEST_F(HomeTest, WantsNoCallsWhenItHasEnoughPeers) {
    Home home = make({.peers_max = 1, .calls_max = 1});
    home.peers().add(remote(1));
    home.peers().add(remote(2));
    EXPECT_TRUE(home.next_call(random, start));
    EXPECT_FALSE(home.next_call(random, start));
    home.on_call_failed({torrent, remote(1), false}, random, start);
    EXPECT_TRUE(home.next_timeout());
    join(home, 9);
    EXPECT_FALSE(home.next_call(random, start + 1h));
}

TEST_F(HomeTest, WhileCallsGoUnansweredSoManyMoreAreMadeEachSecond) {
    Home home = make({.calls_max = 8, .fresh_calls_max = 3});
    for (std::uint8_t number = 1; number <= 20; ++number) home.peers().add(remote(number));
    const auto calls = [&](Time now) {
        int count = 0;
        while (home.next_call(random, now)) ++count;
        return count;
    };
    EXPECT_EQ(calls(start), 3);
    EXPECT_EQ(home.next_timeout(), start + 1s);
    EXPECT_EQ(calls(start + 999ms), 0);
    EXPECT_EQ(calls(start + 1s), 3);
    EXPECT_EQ(calls(start + 2s), 2) << "calls_max";
    EXPECT_EQ(calls(start + 5s), 0);
}

TEST_F(HomeTest, ACallThatFailsAtOnceMakesRoomForAnother) {
    Home home = make({.fresh_calls_max = 1});
    home.peers().add(remote(1));
    home.peers().add(remote(2));
    const auto call = home.next_call(random, start);
    ASSERT_TRUE(call);
    EXPECT_FALSE(home.next_call(random, start));
    home.on_call_failed({torrent, call->remote}, random, start);
    EXPECT_TRUE(home.next_call(random, start));
}

TEST_F(HomeTest, ACallForWhichThereWasNoRoomIsNoFailureOfThePeer) {
    Home home = make({.fresh_calls_max = 1});
    home.peers().add(remote(1));
    auto call = home.next_call(random, start);
    ASSERT_TRUE(call);
    const Duration patience = call->patience;
    home.peers().add(remote(2));
    home.on_call_failed({.torrent = torrent, .remote = remote(1), .called = false}, random, start);
    EXPECT_FALSE(home.next_call(random, start + 4s)) << "for a while";
    EXPECT_EQ(home.next_timeout(), start + 5s);
    home.peers().forget(remote(2));
    call = home.next_call(random, start + 10s);
    ASSERT_TRUE(call);
    EXPECT_EQ(call->patience, patience);
    home.on_call_failed({torrent, remote(1)}, random, start + 20s);
    call = home.next_call(random, start + 1h);
    ASSERT_TRUE(call);
    EXPECT_GT(call->patience, patience);
}

}  // namespace
}  // namespace spate::session
