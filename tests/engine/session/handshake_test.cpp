// How connections begin, and which of them are kept.
#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

struct HandshakeTest : SessionTest {
    /// Names a peer to the torrent and waits for the call.
    Endpoint find_peer(const char* endpoint = "10.0.0.200:6881", bool named_by_user = false) {
        const Endpoint remote = *Endpoint::parse(endpoint);
        session->handle_message(PeersFound{TorrentId(0), {remote}, named_by_user}, now);
        run();
        advance(100ms);
        return remote;
    }
};

TEST_F(HandshakeTest, AnIncomingHandshakeIsAnsweredWithOurs) {
    start();
    TestPeer& peer = connect_peer();
    ASSERT_TRUE(peer.handshake);
    EXPECT_EQ(peer.handshake->info_hash, torrents[0]->metainfo->info_hash);
    EXPECT_EQ(peer.handshake->peer_id, options.peer_id);
    EXPECT_TRUE(peer.handshake->fast);
    EXPECT_TRUE(peer.handshake->extensions);
    EXPECT_EQ(torrents[0]->counters.peers, 1U);
}

TEST_F(HandshakeTest, NothingIsSaidBeforeTheCallerHasNamedItsTorrent) {
    start();
    TestPeer& peer = accept();
    const ByteVector whole = handshake(handshake_of(1, {}));
    say(peer, ByteVector(whole.begin(), whole.end() - 1));
    EXPECT_FALSE(peer.handshake);
    say(peer, ByteVector(whole.end() - 1, whole.end()));
    EXPECT_TRUE(peer.handshake);
}

TEST_F(HandshakeTest, TheCallerSaysItsHandshakeFirst) {
    start();
    const Endpoint remote = find_peer();
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].remote, remote);
    TestPeer& peer = answer_call();
    ASSERT_TRUE(peer.handshake);
    EXPECT_EQ(torrents[0]->counters.peers, 0U);
    say(peer, handshake(handshake_of(9, {})));
    EXPECT_EQ(torrents[0]->counters.peers, 1U);
    EXPECT_FALSE(peer.closed);
}

TEST_F(HandshakeTest, AnUnknownInfoHashIsNotAnswered) {
    start();
    TestPeer& peer = accept();
    wire::Handshake wrong = handshake_of(1, {});
    wrong.info_hash.bytes[3] ^= std::byte{1};
    say(peer, handshake(wrong));
    EXPECT_TRUE(peer.closed);
    EXPECT_FALSE(peer.handshake);
    EXPECT_EQ(drops(DropReason::unknown_torrent), 1U);
}

TEST_F(HandshakeTest, APeerThatAnswersWithAnotherInfoHashIsDropped) {
    start();
    find_peer();
    TestPeer& peer = answer_call();
    wire::Handshake wrong = handshake_of(1, {});
    wrong.info_hash.bytes[3] ^= std::byte{1};
    say(peer, handshake(wrong));
    EXPECT_TRUE(peer.closed);
    EXPECT_EQ(drops(DropReason::unknown_torrent), 1U);
}

TEST_F(HandshakeTest, OurOwnAddressIsForgotten) {
    start();
    find_peer();
    TestPeer& peer = answer_call();
    wire::Handshake own = handshake_of(1, {});
    own.peer_id = options.peer_id;
    say(peer, handshake(own));
    EXPECT_TRUE(peer.closed);
    EXPECT_EQ(drops(DropReason::ourselves), 1U);
    EXPECT_TRUE(session->known_peers(TorrentId(0)).empty());
}

TEST_F(HandshakeTest, OurOwnAddressIsNotCalledAgainWhoeverNamesIt) {
    start();
    find_peer();
    TestPeer& peer = answer_call();
    wire::Handshake own = handshake_of(1, {});
    own.peer_id = options.peer_id;
    say(peer, handshake(own));
    find_peer();
    advance(1h);
    EXPECT_TRUE(calls.empty());
}

TEST_F(HandshakeTest, OurOwnCallIsAnsweredSoThatTheCallingEndKnows) {
    start();
    TestPeer& peer = accept();
    wire::Handshake own = handshake_of(1, {});
    own.peer_id = options.peer_id;
    say(peer, handshake(own));
    ASSERT_TRUE(peer.handshake);
    EXPECT_EQ(peer.handshake->peer_id, options.peer_id);
    EXPECT_EQ(torrents[0]->counters.peers, 0U);
    say(peer, message(wire::MessageId::interested));
    EXPECT_TRUE(peer.closed) << "nobody who means it says more";
}

TEST_F(HandshakeTest, OurOwnCallThatIsNotHungUpEndsLikeAnyUnfinishedHandshake) {
    start();
    TestPeer& peer = accept();
    wire::Handshake own = handshake_of(1, {});
    own.peer_id = options.peer_id;
    say(peer, handshake(own));
    advance(20s);
    EXPECT_TRUE(peer.closed);
    EXPECT_EQ(drops(DropReason::handshake_timeout), 1U);
}

TEST_F(HandshakeTest, MessagesOfAnExtensionThatWasNotNegotiatedEndTheConnection) {
    start();
    ByteVector allowed_fast;
    wire::append_allowed_fast(allowed_fast, PieceIndex(1));
    ByteVector suggest;
    wire::append_suggest(suggest, PieceIndex(1));
    for (const ByteVector& words :
         {message(wire::MessageId::have_all), message(wire::MessageId::have_none), allowed_fast,
          suggest, reject(block(0))}) {
        TestPeer& fast = connect_peer();
        say(fast, words);
        EXPECT_FALSE(fast.closed);
        TestPeer& plain = connect_peer({.fast = false});
        say(plain, words);
        EXPECT_TRUE(plain.closed);
    }
    EXPECT_EQ(drops(DropReason::wire_error), 5U);
}

TEST_F(HandshakeTest, AStrangerWithAPeersIdTakesNobodysPlace) {
    start();
    TestPeer& peer = accept();
    say(peer, handshake(handshake_of(0xee, {})));
    TestPeer& stranger = accept();
    say(stranger, handshake(handshake_of(0xee, {})));
    EXPECT_FALSE(peer.closed);
    EXPECT_FALSE(stranger.closed);
}

TEST_F(HandshakeTest, SomethingElseThanBitTorrentIsAWireError) {
    start();
    TestPeer& peer = accept();
    const Bytes http = as_bytes("GET / HTTP/1.1\r\n");
    say(peer, ByteVector(http.begin(), http.end()));
    EXPECT_TRUE(peer.closed);
    EXPECT_EQ(drops(DropReason::wire_error), 1U);
}

TEST_F(HandshakeTest, WhoeverSaysNothingIsDroppedAfterTwentySeconds) {
    start();
    TestPeer& peer = accept();
    advance(19s);
    EXPECT_FALSE(peer.closed);
    advance(2s);
    EXPECT_TRUE(peer.closed);
    EXPECT_EQ(drops(DropReason::handshake_timeout), 1U);
    EXPECT_EQ(session->connection_count(), 0U);
}

TEST_F(HandshakeTest, ACallThatNobodyAnswersIsRepeatedWithMorePatience) {
    start();
    find_peer();
    ASSERT_EQ(calls.size(), 1U);
    advance(6s);
    EXPECT_EQ(drops(DropReason::call_failed), 0U);
    advance(2s);
    EXPECT_EQ(drops(DropReason::call_failed), 1U);
    EXPECT_EQ(calls.size(), 1U);
    while (calls.size() < 2 && now < Time(1h)) advance(1s);
    advance(18s);
    EXPECT_EQ(drops(DropReason::call_failed), 1U);
    advance(3s);
    EXPECT_EQ(drops(DropReason::call_failed), 2U);
}

TEST_F(HandshakeTest, WhoeverAnswersACallLateHasItsTimeForTheHandshake) {
    start();
    find_peer();
    advance(6s);
    answer_call();
    advance(19s);
    EXPECT_EQ(drops(DropReason::handshake_timeout), 0U);
    advance(2s);
    EXPECT_EQ(drops(DropReason::handshake_timeout), 1U);
}

TEST_F(HandshakeTest, CallsThatNobodyAnswersLeaveRoomForPeersThatCallUs) {
    options.connections_max = 10;
    start();
    std::vector<Endpoint> many(50, *Endpoint::parse("10.0.0.200:1"));
    for (std::uint16_t i = 0; i < 50; ++i) many[i].port = static_cast<std::uint16_t>(i + 1);
    session->handle_message(PeersFound{TorrentId(0), many, false}, now);
    advance(5s);
    EXPECT_EQ(calls.size(), 6U);
    EXPECT_TRUE(session->handle_accepted(*Endpoint::parse("10.0.0.9:1"), now));
    advance(60s);
    EXPECT_GT(calls.size(), 30U) << "those for whom there was no room have their turn later";
}

struct TwoConnectionsTest : HandshakeTest, testing::WithParamInterface<std::tuple<bool, bool>> {};

TEST_P(TwoConnectionsTest, TheOneThatTheGreaterIdCalledIsKept) {
    const auto [ours_is_greater, incoming_first] = GetParam();
    start();
    const std::uint8_t number = ours_is_greater ? 0x11 : 0xee;
    find_peer("10.0.0.1:6881");  // as the first that calls us
    TestPeer* incoming = nullptr;
    TestPeer* outgoing = nullptr;
    const auto come_in = [&] {
        incoming = &accept();
        say(*incoming, handshake(handshake_of(number, {})));
    };
    const auto call_out = [&] {
        outgoing = &answer_call();
        say(*outgoing, handshake(handshake_of(number, {})));
    };
    if (incoming_first) come_in();
    call_out();
    if (!incoming_first) come_in();
    EXPECT_EQ(outgoing->closed, !ours_is_greater);
    EXPECT_EQ(incoming->closed, ours_is_greater);
    EXPECT_EQ(drops(DropReason::duplicate_peer), 1U);
    EXPECT_EQ(torrents[0]->counters.peers, 1U);
}

INSTANTIATE_TEST_SUITE_P(WhateverTheOrder, TwoConnectionsTest,
                         testing::Combine(testing::Bool(), testing::Bool()));

TEST_F(HandshakeTest, ASecondConnectionOfTheSameDirectionIsDropped) {
    start();
    TestPeer& first = accept();
    say(first, handshake(handshake_of(5, {})));
    const auto id = session->handle_accepted({first.remote.address, 50'000}, now);
    peers.push_back(std::make_unique<TestPeer>(*id, first.remote));
    TestPeer& second = *peers.back();
    say(second, handshake(handshake_of(5, {})));
    EXPECT_FALSE(first.closed);
    EXPECT_TRUE(second.closed);
    EXPECT_EQ(drops(DropReason::duplicate_peer), 1U);
}

TEST_F(HandshakeTest, ATorrentHasNoMorePeersThanItsLimit) {
    options.home.peers_max = 3;
    start();
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(connect_peer().closed);
    EXPECT_TRUE(connect_peer().closed);
    EXPECT_EQ(drops(DropReason::too_many_peers), 1U);
    hang_up(*peers[0]);
    EXPECT_FALSE(connect_peer().closed);
}

TEST_F(HandshakeTest, ACoreHasNoMoreConnectionsThanItsLimit) {
    options.connections_max = 2;
    start();
    accept();
    accept();
    EXPECT_FALSE(session->handle_accepted(*Endpoint::parse("10.0.0.9:1"), now));
    find_peer();
    EXPECT_TRUE(calls.empty());
}

TEST_F(HandshakeTest, OnlyLoopbackPeersAreTakenAndCalledWhenToldSo) {
    options.loopback_only = true;
    start();
    EXPECT_FALSE(session->handle_accepted(*Endpoint::parse("10.0.0.9:1"), now));
    const auto local = session->handle_accepted(*Endpoint::parse("127.0.0.1:1"), now);
    EXPECT_TRUE(local);
    find_peer("10.0.0.200:6881");
    EXPECT_TRUE(calls.empty());
    find_peer("127.0.0.2:6881");
    EXPECT_EQ(calls.size(), 1U);
}

TEST_F(HandshakeTest, CallsInFlightAreLimited) {
    options.home.calls_max = 5;
    start();
    std::vector<Endpoint> many;
    for (std::uint16_t port = 1; port <= 20; ++port) {
        many.push_back(*Endpoint::parse("10.0.0.200:1"));
        many.back().port = port;
    }
    session->handle_message(PeersFound{TorrentId(0), many, false}, now);
    advance(100ms);
    EXPECT_EQ(calls.size(), 5U);
    session->handle_disconnected(calls[0].connection, now);
    run();
    advance(100ms);
    EXPECT_EQ(calls.size(), 6U);
}

TEST_F(HandshakeTest, ALateAnswerForAClosedConnectionFindsNothing) {
    start();
    TestPeer& peer = connect_peer();
    hang_up(peer);
    EXPECT_TRUE(peer.closed);
    say(peer, message(wire::MessageId::interested));
    hang_up(peer);
    SendPlan plan;
    EXPECT_FALSE(session->take_send(peer.id, plan, now));
    EXPECT_FALSE(session->may_receive(peer.id, now));
    EXPECT_EQ(drops(DropReason::remote_closed), 1U);
}

}  // namespace
}  // namespace spate::session
