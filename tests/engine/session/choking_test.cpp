// Choke rounds, keep-alives and idle peers.
#include <algorithm>

#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct ChokingTest : SessionTest {
    std::size_t served() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            peers, [&](const auto& peer) { return !state_of(*peer).we_choke; }));
    }
    void keep_all_alive(Duration duration) {
        for (Duration passed{}; passed < duration; passed += 10s) {
            advance(10s);
            for (const auto& peer : peers)
                if (!peer->closed) say(*peer, ByteVector(4));
        }
    }
};

TEST_F(ChokingTest, FourPeersAndAnOptimisticOneAreServed) {
    seeding = true;
    start();
    for (int i = 0; i < 8; ++i) say(connect_peer(), message(MessageId::interested));
    EXPECT_EQ(served(), 5U);
    advance(10s);
    EXPECT_EQ(served(), 5U);
}

TEST_F(ChokingTest, ASlotThatBecomesFreeIsGivenAtOnce) {
    seeding = true;
    start();
    for (int i = 0; i < 8; ++i) say(connect_peer(), message(MessageId::interested));
    say(*peers[0], message(MessageId::not_interested));
    EXPECT_TRUE(state_of(*peers[0]).we_choke);
    EXPECT_EQ(served(), 5U);
}

TEST_F(ChokingTest, ASeedServesEverybodyInTurns) {
    seeding = true;
    start();
    for (int i = 0; i < 12; ++i) say(connect_peer(), message(MessageId::interested));
    keep_all_alive(200s);
    for (const auto& peer : peers) EXPECT_GE(peer->count(MessageId::unchoke), 1U);
    EXPECT_LE(served(), 5U);
}

TEST_F(ChokingTest, ThoseThatGiveAreServedWhileWeDownload) {
    piece_count = 64;
    start();
    for (int i = 0; i < 10; ++i) {
        TestPeer& peer = connect_seed();
        say(peer, message(MessageId::interested));
    }
    for (int second = 0; second < 12; ++second) {
        for (std::size_t i = 6; i < 10; ++i) {
            if (peers[i]->requests.empty()) continue;
            const BlockRef asked = peers[i]->requests.front();
            peers[i]->requests.erase(peers[i]->requests.begin());
            say(*peers[i], piece(asked));
        }
        advance(1s);
    }
    for (std::size_t i = 6; i < 10; ++i) EXPECT_FALSE(state_of(*peers[i]).we_choke) << i;
    EXPECT_EQ(served(), 5U);
}

TEST_F(ChokingTest, APeerOfWhomNothingIsAwaitedCausesNoTicks) {
    start();
    connect_peer();
    advance(5s);
    const Time end = now + 50s;
    std::size_t wakes = 0;
    for (auto next = session->next_timeout(); next && *next <= end; ++wakes) {
        now = std::max(now, *next);
        session->handle_timeout(now);
        run();
        next = session->next_timeout();
    }
    EXPECT_LE(wakes, 12U) << "a choke round and a report of rates every ten seconds";
}

TEST_F(ChokingTest, AKeepAliveIsSentAfterHundredSecondsOfSilence) {
    start();
    TestPeer& peer = connect_peer();
    advance(99s);
    EXPECT_EQ(peer.keep_alives, 0U);
    advance(3s);
    EXPECT_EQ(peer.keep_alives, 1U);
    advance(90s);
    EXPECT_EQ(peer.keep_alives, 1U);
}

TEST_F(ChokingTest, WhoeverIsSilentForFourMinutesIsDropped) {
    start();
    TestPeer& silent = connect_peer();
    TestPeer& alive = connect_peer();
    advance(150s);
    say(alive, ByteVector(4));
    advance(92s);
    EXPECT_TRUE(silent.closed);
    EXPECT_FALSE(alive.closed);
    EXPECT_EQ(drops(DropReason::idle), 1U);
}

TEST_F(ChokingTest, AnUnlimitedSeedServesEverybody) {
    seeding = true;
    options.home.upload_slots = swarm::Choker::slots_unlimited;
    start();
    for (int i = 0; i < 40; ++i) say(connect_peer(), message(MessageId::interested));
    advance(30s);
    EXPECT_EQ(served(), 40U);
}

}  // namespace
}  // namespace spate::session
