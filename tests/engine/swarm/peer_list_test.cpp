#include "engine/swarm/peer_list.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "engine/swarm/peer_priority.hpp"

namespace spate::swarm {
namespace {

constexpr Time start{1'000s};

Endpoint peer(std::uint32_t number) {
    const std::array<std::byte, 4> bytes{std::byte{10}, static_cast<std::byte>(number >> 16),
                                         static_cast<std::byte>(number >> 8),
                                         static_cast<std::byte>(number)};
    return {IpAddress(bytes), 6881};
}

struct PeerListTest : testing::Test {
    /// How long after `now` the only idle address may be called again.
    Duration delay_after(Time now) { return *peers.next_timeout() - now; }

    PeerList peers{1};
    Prng random{1};
};

TEST_F(PeerListTest, AnAddressIsBusyFromItsCallOn) {
    peers.add(peer(1));
    peers.add(peer(1));
    EXPECT_EQ(peers.size(), 1U);
    EXPECT_EQ(peers.next_to_call(random, start), peer(1));
    EXPECT_FALSE(peers.next_to_call(random, start));
    EXPECT_FALSE(peers.next_timeout());
}

TEST_F(PeerListTest, TheDelayAfterAFailedCallDoubles) {
    peers.add(peer(1));
    Time now = start;
    Duration expected = PeerList::backoff_min;
    for (int call = 0; call < 12; ++call) {
        ASSERT_EQ(peers.next_to_call(random, now), peer(1));
        peers.on_failed(peer(1), random, now);
        expected = std::min(2 * expected, PeerList::backoff_max);
        EXPECT_GE(delay_after(now), expected / 2);
        EXPECT_LT(delay_after(now), expected * 3 / 2);
        EXPECT_FALSE(peers.next_to_call(random, *peers.next_timeout() - 1ns));
        now = *peers.next_timeout();
    }
}

TEST_F(PeerListTest, AnAddressThatFailsTooOftenIsForgotten) {
    peers.add(peer(1));
    for (unsigned call = 0; call <= PeerList::failures_max; ++call) {
        EXPECT_EQ(peers.size(), 1U);
        peers.on_failed(peer(1), random, start);
    }
    EXPECT_EQ(peers.size(), 0U);
}

TEST_F(PeerListTest, ThePeerOfTheUserIsCalledAgainSoonAndNeverForgotten) {
    peers.add(peer(1), true);
    Time now = start;
    for (unsigned call = 0; call < 3 * PeerList::failures_max; ++call) {
        ASSERT_EQ(peers.next_to_call(random, now), peer(1));
        peers.on_failed(peer(1), random, now);
        EXPECT_LE(delay_after(now), 30s);
        now = *peers.next_timeout();
    }
}

TEST_F(PeerListTest, APeerThatWasUsefulIsCalledAgainSoon) {
    peers.add(peer(1));
    for (int i = 0; i < 5; ++i) peers.on_failed(peer(1), random, start);
    peers.on_connected(peer(1));
    EXPECT_FALSE(peers.next_timeout());
    peers.on_disconnected(peer(1), true, random, start);
    EXPECT_LT(delay_after(start), PeerList::backoff_min * 3 / 2);
}

TEST_F(PeerListTest, APeerThatTakesCallsAndIsOfNoUseIsCalledLessAndLess) {
    peers.add(peer(1));
    Time now = start;
    Duration longest{};
    for (int call = 0; call < 12; ++call) {
        ASSERT_EQ(peers.next_to_call(random, now), peer(1));
        peers.on_connected(peer(1));
        peers.on_disconnected(peer(1), false, random, now);
        longest = delay_after(now);
        now = *peers.next_timeout();
    }
    EXPECT_GE(longest, PeerList::backoff_max / 2);
}

TEST_F(PeerListTest, ABannedAddressIsNeitherCalledNorKept) {
    peers.add(peer(1));
    peers.add({peer(1).address, 7'000});
    peers.add(peer(2));
    peers.ban(peer(1).address);
    EXPECT_TRUE(peers.banned(peer(1).address));
    EXPECT_EQ(peers.next_to_call(random, start), peer(2));
    EXPECT_FALSE(peers.next_to_call(random, start));
    EXPECT_FALSE(peers.next_timeout()) << "nothing to wake up for";
    peers.add(peer(1));
    EXPECT_EQ(peers.size(), 1U);
}

TEST_F(PeerListTest, AddressesThatCannotBeCalledAreNotKept) {
    peers.add({peer(1).address, 0});
    peers.add(*Endpoint::parse("0.0.0.0:6881"));
    peers.add(*Endpoint::parse("224.0.0.1:6881"));
    peers.add(*Endpoint::parse("[ff02::1]:6881"));
    EXPECT_EQ(peers.size(), 0U);
}

TEST_F(PeerListTest, AFullListMakesRoomOfTheWorstIdleAddress) {
    for (std::uint32_t i = 0; i < PeerList::known_max; ++i) peers.add(peer(i));
    peers.add(peer(100'000));
    EXPECT_EQ(peers.size(), PeerList::known_max);
    const auto knows = [&](const Endpoint& endpoint) {
        const auto all = peers.addresses();
        return std::ranges::find(all, endpoint) != all.end();
    };
    EXPECT_FALSE(knows(peer(100'000))) << "no known address is worse than a new one";
    peers.on_failed(peer(7), random, start);
    peers.on_failed(peer(8), random, start);
    peers.on_failed(peer(8), random, start);
    peers.add(peer(100'000));
    EXPECT_TRUE(knows(peer(100'000)));
    EXPECT_FALSE(knows(peer(8)));
    EXPECT_TRUE(knows(peer(7)));
    EXPECT_EQ(peers.size(), PeerList::known_max);
}

TEST_F(PeerListTest, ThoseWithFewestFailuresAreCalledFirst) {
    peers.add(peer(1));
    peers.add(peer(2));
    peers.on_failed(peer(1), random, start);
    EXPECT_EQ(peers.next_to_call(random, start + 1h), peer(2));
    EXPECT_EQ(peers.next_to_call(random, start + 1h), peer(1));
}

TEST_F(PeerListTest, PrivilegedPortsThatStrangersNamedAreCalledLast) {
    const Endpoint service{peer(1).address, PeerList::privileged_ports_end - 1};
    const Endpoint failed{peer(2).address, PeerList::privileged_ports_end};
    const Endpoint users{peer(3).address, 443};
    peers.add(failed);
    ASSERT_EQ(peers.next_to_call(random, start), failed);
    peers.on_failed(failed, random, start);
    peers.add(service);
    peers.add(users);
    peers.add(users, true);
    const Time later = start + 1h;
    EXPECT_EQ(peers.next_to_call(random, later), users) << "the user's word is taken";
    EXPECT_EQ(peers.next_to_call(random, later), failed);
    EXPECT_EQ(peers.next_to_call(random, later), service);
    EXPECT_FALSE(peers.next_to_call(random, later));
}

TEST_F(PeerListTest, ThePeerThatTheUserNamesTooIsStillCalledOnce) {
    peers.add(peer(1));
    ASSERT_EQ(peers.next_to_call(random, start), peer(1));
    peers.add(peer(1), true);
    EXPECT_FALSE(peers.next_to_call(random, start + 1h)) << "it is being called";
    peers.on_failed(peer(1), random, start);
    EXPECT_EQ(peers.next_to_call(random, start + 1h), peer(1));
}

TEST_F(PeerListTest, EqualsAreCalledInRandomOrder) {
    std::set<Endpoint> first;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        PeerList list(1);
        for (std::uint32_t i = 0; i < 10; ++i) list.add(peer(i));
        Prng seeded(seed);
        first.insert(*list.next_to_call(seeded, start));
    }
    EXPECT_EQ(first.size(), 10U);
}

TEST_F(PeerListTest, WithAnAddressOfOurOwnEqualsAreCalledByCanonicalPriority) {
    const Endpoint own = *Endpoint::parse("123.213.32.10:6881");
    peers.set_own(own);
    for (std::uint32_t i = 0; i < 50; ++i) peers.add(peer(i * 1'000));
    std::vector<std::uint32_t> priorities;
    while (const auto next = peers.next_to_call(random, start))
        priorities.push_back(peer_priority(own, *next));
    EXPECT_EQ(priorities.size(), 50U);
    EXPECT_TRUE(std::ranges::is_sorted(priorities, std::greater()));
}

}  // namespace
}  // namespace spate::swarm
