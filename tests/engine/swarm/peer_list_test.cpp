#include "engine/swarm/peer_list.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace spate;
using namespace spate::swarm;

namespace {

constexpr Time start{100s};
const Endpoint peer = *Endpoint::parse("192.0.2.1:6881");

}  // namespace

TEST(PeerList, CallsAnAddressOnceUntilTheCallFails) {
    Prng random(1);
    PeerList list;
    list.add(peer);
    EXPECT_EQ(list.next_to_call(random, start), peer);
    EXPECT_FALSE(list.next_to_call(random, start)) << "busy";
    EXPECT_FALSE(list.next_timeout());
}

TEST(PeerList, WaitsTwiceAsLongAfterEachFailure) {
    Prng random(1);
    PeerList list;
    list.add(peer);
    Time now = start;
    Duration least = PeerList::backoff_min;
    for (int i = 0; i < 5; ++i, least *= 2) {
        ASSERT_TRUE(list.next_to_call(random, now));
        list.on_failed(peer, random, now);
        EXPECT_GE(*list.next_timeout() - now, least);
        EXPECT_LE(*list.next_timeout() - now, 3 * least);
        EXPECT_FALSE(list.next_to_call(random, now));
        now = *list.next_timeout();
    }
}

TEST(PeerList, ForgetsAnAddressThatFailsAgainAndAgainUnlessTheUserNamedIt) {
    for (const bool named : {false, true}) {
        Prng random(1);
        PeerList list;
        list.add(peer, named);
        for (unsigned i = 0; i <= PeerList::failures_max; ++i) list.on_failed(peer, random, start);
        EXPECT_EQ(list.size(), named ? 1U : 0U);
    }
}

TEST(PeerList, NeitherCallsNorAwaitsABannedAddress) {
    Prng random(1);
    PeerList list;
    list.add(peer);
    list.ban(peer.address);
    EXPECT_FALSE(list.next_to_call(random, start));
    EXPECT_FALSE(list.next_timeout());
    list.add(peer);
    EXPECT_EQ(list.size(), 0U);
}

TEST(PeerList, RefusesAddressesThatNobodyCanCall) {
    PeerList list;
    for (const char* text : {"0.0.0.0:6881", "224.0.0.1:6881", "192.0.2.1:0"})
        if (const auto endpoint = Endpoint::parse(text)) list.add(*endpoint);
    EXPECT_EQ(list.size(), 0U);
}

TEST(PeerList, FullListMakesRoomForANewAddressByTheWorst) {
    Prng random(1);
    PeerList list;
    for (std::size_t i = 0; i < PeerList::known_max; ++i)
        list.add(*Endpoint::parse(fmt::format("10.0.{}.{}:6881", i / 250, i % 250 + 1)));
    list.add(peer);
    EXPECT_EQ(list.size(), PeerList::known_max) << "nobody has failed";
    list.on_failed(*Endpoint::parse("10.0.0.1:6881"), random, start);
    list.add(peer);
    EXPECT_EQ(list.size(), PeerList::known_max);
    const auto all = list.addresses();
    EXPECT_NE(std::ranges::find(all, peer), all.end());
}
