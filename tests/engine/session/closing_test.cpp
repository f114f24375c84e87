// Between the decision to close a connection and the driver's word that it is gone.
#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct ClosingTest : SessionTest {
    /// The driver hasn't carried out the Close yet.
    TestPeer& connect_closing_peer() {
        TestPeer& peer = connect_peer();
        say(peer, message(MessageId::interested));
        session->handle_disconnected(peer.id, now);
        return peer;
    }
    static SendPlan plan_of(BlockRef block) {
        SendPlan plan;
        plan.blocks[0] = block;
        plan.block_count = 1;
        return plan;
    }
};

TEST_F(ClosingTest, TheOnlyPeerHangsUpWhileItsBlockIsReadFromADisk) {
    seeding = true;
    start();
    const TestPeer& peer = connect_closing_peer();
    session->handle_cold_read(peer.id, plan_of(block(0)));
    run();
    EXPECT_TRUE(peer.closed);
}

TEST_F(ClosingTest, AColdReadForAPeerThatHungUpIsSuggestedToNobody) {
    seeding = true;
    start();
    TestPeer& other = connect_peer();
    say(other, message(MessageId::interested));
    const TestPeer& peer = connect_closing_peer();
    session->handle_cold_read(peer.id, plan_of(block(0)));
    say(other, {});
    EXPECT_EQ(other.count(MessageId::suggest_piece), 0U);
}

TEST_F(ClosingTest, NothingThatTheDriverStillTellsCounts) {
    seeding = true;
    start();
    const TestPeer& peer = connect_closing_peer();
    SendPlan plan = plan_of(block(0));
    session->handle_sent(peer.id, plan, now);
    session->handle_received(peer.id, request(block(1)), now);
    session->handle_connected(peer.id, now);
    session->handle_disconnected(peer.id, now);
    EXPECT_FALSE(session->take_send(peer.id, plan, now));
    EXPECT_FALSE(session->may_receive(peer.id, now));
    EXPECT_FALSE(session->should_await_bytes(peer.id));
    wire::ReceivePlan receive;
    EXPECT_FALSE(session->plan_receive(peer.id, receive));
    EXPECT_EQ(torrents[0]->counters.uploaded, 0U);
    run();
    EXPECT_TRUE(peer.closed);
    EXPECT_EQ(drops(DropReason::remote_closed), 1U);
    EXPECT_EQ(session->connection_count(), 0U);
}

TEST_F(ClosingTest, WhatAnotherCoreSaysOfAPeerOfAnotherTorrentIsPassedOver) {
    start();
    add_torrent(test_content(4, 2), TorrentId(1));
    TestPeer& peer = connect_peer();
    session->handle_message(DropPeer{TorrentId(1), peer.id, DropReason::too_many_peers}, now);
    session->handle_message(SetChoke{TorrentId(1), peer.id, false, 0}, now);
    run();
    EXPECT_FALSE(peer.closed);
    EXPECT_EQ(peer.count(MessageId::unchoke), 0U);
}

}  // namespace
}  // namespace spate::session
