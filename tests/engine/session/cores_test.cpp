// One core of two: what it tells the other, and what it does when told.
#include <algorithm>

#include "engine/wire/extension_handshake.hpp"
#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct CoresTest : SessionTest {
    CoresTest() { options.core_count = 2; }

    /// The messages of this kind to the other core.
    template <class Kind>
    std::vector<Kind> told() const {
        std::vector<Kind> all;
        for (const CoreMessage& letter : to_cores)
            if (const auto* message = std::get_if<Kind>(&letter)) all.push_back(*message);
        return all;
    }
    void tell(const CoreMessage& message) {
        session->handle_message(message, now);
        run();
    }
    void be_the_other_core() { options.core = CoreIndex(1); }
};

TEST_F(CoresTest, APeerJoinsAndLeavesAtTheHomeCore) {
    be_the_other_core();
    start();
    TestPeer& peer = connect_peer();
    ASSERT_EQ(told<PeerJoined>().size(), 1U);
    EXPECT_EQ(told<PeerJoined>()[0].remote, peer.remote);
    say(peer, message(MessageId::interested));
    ASSERT_EQ(told<PeerInterest>().size(), 1U);
    EXPECT_EQ(peer.count(MessageId::unchoke), 0U) << "the home core decides";
    tell(SetChoke{TorrentId(0), peer.id, false});
    EXPECT_EQ(peer.count(MessageId::unchoke), 1U);
    tell(DropPeer{TorrentId(0), peer.id, DropReason::duplicate_peer});
    EXPECT_TRUE(peer.closed);
    EXPECT_EQ(told<PeerLeft>().size(), 1U);
}

TEST_F(CoresTest, ALateOrderForAPeerThatIsGoneIsPassedOver) {
    be_the_other_core();
    start();
    TestPeer& peer = connect_peer();
    hang_up(peer);
    tell(SetChoke{TorrentId(0), peer.id, false});
    tell(DropPeer{TorrentId(0), peer.id, DropReason::duplicate_peer});
    EXPECT_EQ(told<PeerLeft>().size(), 1U);
}

TEST_F(CoresTest, APeerMayBeServedSoFastAndNoFaster) {
    be_the_other_core();
    seeding = true;
    start();
    TestPeer& peer = connect_peer();
    tell(SetChoke{TorrentId(0), peer.id, false, 2 * block_size_bytes});
    ByteVector requests;
    for (std::uint32_t i = 0; i < 28; ++i) requests = requests + request(block(i / 4, i % 4));
    say(peer, requests);
    advance(8s);
    EXPECT_NEAR(static_cast<double>(peer.blocks.size()), 2 * 8, 3);
    tell(SetChoke{TorrentId(0), peer.id, false, 0});
    advance(1s);
    EXPECT_EQ(peer.blocks.size(), 28U);
}

TEST_F(CoresTest, RatesAreReportedEveryRound) {
    be_the_other_core();
    start();
    connect_peer();
    advance(31s);
    EXPECT_NEAR(static_cast<double>(told<PeerRates>().size()), 3, 1);
}

TEST_F(CoresTest, CallsAreSpreadOverTheCores) {
    start();
    std::vector<Endpoint> found;
    for (std::uint16_t port = 1; port <= 10; ++port) {
        found.push_back(*Endpoint::parse("10.0.0.200:1"));
        found.back().port = port;
    }
    tell(PeersFound{TorrentId(0), found, false});
    advance(100ms);
    EXPECT_EQ(calls.size(), 5U);
    EXPECT_EQ(told<CallPeer>().size(), 5U);
}

TEST_F(CoresTest, ACallForTheHomeCoreThatFailsIsReported) {
    be_the_other_core();
    start();
    const Endpoint remote = *Endpoint::parse("10.0.0.200:1");
    tell(CallPeer{TorrentId(0), remote});
    ASSERT_EQ(calls.size(), 1U);
    session->handle_disconnected(calls[0].connection, now);
    run();
    ASSERT_EQ(told<CallFailed>().size(), 1U);
    EXPECT_EQ(told<CallFailed>()[0].remote, remote);
}

TEST_F(CoresTest, AStoredPieceIsToldToTheOtherCoreAndItsPeers) {
    start();
    TestPeer& owner = connect_peer();
    say(owner, have(3) + message(MessageId::unchoke));
    answer_requests(owner);
    hash_next(true);
    write_next();
    ASSERT_EQ(told<PiecesStored>().size(), 1U);
    EXPECT_EQ(told<PiecesStored>()[0].pieces, std::vector<PieceIndex>{PieceIndex(3)});
}

TEST_F(CoresTest, APieceStoredElsewhereIsAnnouncedHere) {
    start();
    TestPeer& owner = connect_peer();
    say(owner, have(3));
    TestPeer& other = connect_peer();
    ASSERT_TRUE(torrents[0]->pieces.claim(PieceIndex(3), CoreIndex(1)));
    ASSERT_TRUE(torrents[0]->pieces.store(PieceIndex(3)));
    tell(PiecesStored{TorrentId(0), {PieceIndex(3)}});
    tell(PiecesStored{TorrentId(0), {PieceIndex(3)}});
    advance(100ms);
    EXPECT_EQ(other.haves(), std::vector<PieceIndex>{PieceIndex(3)});
    EXPECT_EQ(owner.haves(), other.haves()) << "it may be a super-seed";
    EXPECT_EQ(owner.count(MessageId::not_interested), 1U);
}

TEST_F(CoresTest, ATorrentThatWasCompleteBeforeThisCoreSawItHearsOfItsPieces) {
    seeding = true;
    start();
    TestPeer& peer = connect_peer();
    tell(PiecesStored{TorrentId(0), {PieceIndex(0), PieceIndex(1)}});
    advance(100ms);
    EXPECT_TRUE(peer.haves().empty()) << "it was told before";
    EXPECT_FALSE(peer.closed);
}

TEST_F(CoresTest, ASecondClaimIsGivenUpWhenTheFirstCoreIsFaster) {
    piece_count = 2;
    start();
    for (std::uint32_t piece = 0; piece < 2; ++piece)
        ASSERT_TRUE(torrents[0]->pieces.claim(PieceIndex(piece), CoreIndex(1)));
    TestPeer& peer = connect_seed();
    EXPECT_TRUE(peer.requests.empty());
    advance(1s);
    ASSERT_FALSE(peer.requests.empty()) << "the endgame";
    const PieceIndex piece = peer.requests[0].piece;
    const std::size_t asked = peer.requests.size();
    const bool in_flight = begin_receive(peer);
    ASSERT_TRUE(in_flight);
    ASSERT_TRUE(torrents[0]->pieces.store(piece));
    tell(PiecesStored{TorrentId(0), {piece}});
    EXPECT_EQ(peer.count(MessageId::cancel),
              static_cast<std::size_t>(
                  std::ranges::count(peer.block_refs(MessageId::cancel), piece, &BlockRef::piece)));
    EXPECT_LT(peer.requests.size(), asked);
    EXPECT_GE(peer.cancelled_receives, 1U);
    end_receive(peer, {});
    EXPECT_TRUE(torrents[0]->pieces.stored(piece));
    EXPECT_EQ(torrents[0]->pieces.stored_count(), 1U);
}

TEST_F(CoresTest, AHaltIsToldToTheOtherCore) {
    start();
    session->fail_torrent(TorrentId(0), "reason", now);
    run();
    EXPECT_EQ(told<HaltTorrent>().size(), 1U);
}

TEST_F(CoresTest, AHaltFromTheOtherCoreClosesItsPeersHere) {
    start();
    TestPeer& peer = connect_peer();
    tell(HaltTorrent{TorrentId(0)});
    EXPECT_TRUE(peer.closed);
    EXPECT_TRUE(told<HaltTorrent>().empty());
}

TEST_F(CoresTest, WhatComesBeforeItsTorrentIsKeptUpToALimitButCallsAlways) {
    be_the_other_core();
    start(false);
    for (std::size_t i = 0; i <= Session::early_messages_max; ++i)
        tell(SetChoke{TorrentId(0), ConnectionId(1), false});
    const Endpoint remote = *Endpoint::parse("127.0.0.9:6881");
    tell(CallPeer{TorrentId(0), remote});
    EXPECT_TRUE(calls.empty());
    add_torrent(test_content(piece_count));
    run();
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].remote, remote);
}

TEST_F(CoresTest, ABusyHomeCoreHearsOfAPeersInterestOnceHoweverOftenItChanges) {
    be_the_other_core();
    takes_letters = false;
    start();
    TestPeer& peer = connect_peer();
    for (int i = 0; i < 1'000; ++i)
        say(peer, message(MessageId::not_interested) + message(MessageId::interested));
    EXPECT_LE(session->letters_waiting(), 2U);
    takes_letters = true;
    run();
    EXPECT_EQ(told<PeerJoined>().size(), 1U);
    ASSERT_EQ(told<PeerInterest>().size(), 1U);
    EXPECT_TRUE(told<PeerInterest>()[0].interested);
}

TEST_F(CoresTest, APeerSaysOnceWhatOurAddressIs) {
    be_the_other_core();
    start();
    TestPeer& peer = connect_peer({.fast = true, .extensions = true});
    for (std::uint8_t i = 1; i < 100; ++i) {
        wire::ExtensionHandshake theirs;
        const std::byte address[]{std::byte{10}, std::byte{1}, std::byte{0}, std::byte{i}};
        theirs.your_ip = IpAddress(address);
        ByteVector bytes;
        wire::append_extension_handshake(bytes, theirs);
        say(peer, bytes);
    }
    EXPECT_EQ(told<OwnAddressSeen>().size(), 1U);
}

TEST_F(CoresTest, NothingIsReceivedWhileTooManyLettersWait) {
    be_the_other_core();
    takes_letters = false;
    start();
    TestPeer& peer = connect_peer();
    const auto fail_a_call = [&] {
        session->handle_message(CallPeer{TorrentId(0), *Endpoint::parse("10.9.9.9:1")}, now);
        run();
        session->handle_disconnected(calls.back().connection, now);
        run();
    };
    while (session->letters_waiting() < Session::letters_waiting_max) fail_a_call();
    EXPECT_TRUE(session->may_receive(peer.id, now)) << "at the limit";
    fail_a_call();
    EXPECT_FALSE(session->may_receive(peer.id, now));
    EXPECT_FALSE(session->may_receive(peer.id, now));
    EXPECT_EQ(peer.resumed_receives, 0U);
    takes_letters = true;
    run();
    EXPECT_EQ(peer.resumed_receives, 1U);
    EXPECT_TRUE(session->may_receive(peer.id, now));
    EXPECT_EQ(told<CallFailed>().size(), Session::letters_waiting_max) << "nothing is lost";
}

}  // namespace
}  // namespace spate::session
