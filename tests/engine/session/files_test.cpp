// When files, descriptors or memory fail us.
#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct FilesTest : SessionTest {
    FilesTest() { seeding = true; }

    TestPeer& connect_leecher(PeerOptions flags) {
        TestPeer& peer = connect_peer(flags);
        say(peer, message(MessageId::interested));
        return peer;
    }
    TestPeer& connect_leecher() { return connect_leecher(PeerOptions{}); }
    /// What the session would send now, before the fixture does it.
    SendPlan take(TestPeer& peer, const ByteVector& said) {
        session->handle_received(peer.id, said, now);
        SendPlan plan;
        EXPECT_TRUE(session->take_send(peer.id, plan, now));
        return plan;
    }
};

TEST_F(FilesTest, ASendThatCannotBeMadeNowIsMadeLaterWholeAndInOrder) {
    start();
    TestPeer& peer = connect_leecher();
    SendPlan plan = take(peer, request(block(3)) + request(block(1)) + cancel(block(1)));
    ASSERT_EQ(plan.block_count, 1U);
    ASSERT_FALSE(plan.control.empty());
    session->handle_received(peer.id, request(block(2)), now);
    session->give_back_send(peer.id, plan);
    run();
    EXPECT_EQ(peer.blocks, (std::vector<BlockRef>{block(3), block(2)}));
    EXPECT_EQ(peer.block_refs(MessageId::reject_request), std::vector<BlockRef>{block(1)});
}

TEST_F(FilesTest, WhatIsGivenBackToAPeerThatWasChokedMeanwhileIsRejected) {
    start();
    TestPeer& peer = connect_leecher();
    SendPlan plan = take(peer, request(block(3)));
    session->handle_received(peer.id, message(MessageId::not_interested), now);
    session->give_back_send(peer.id, plan);
    run();
    EXPECT_TRUE(peer.blocks.empty());
    EXPECT_EQ(peer.block_refs(MessageId::reject_request), std::vector<BlockRef>{block(3)});
}

TEST_F(FilesTest, ASendOfAConnectionThatIsClosingIsForgotten) {
    start();
    TestPeer& peer = connect_leecher();
    SendPlan plan = take(peer, request(block(3)));
    session->handle_disconnected(peer.id, now);
    session->give_back_send(peer.id, plan);
    run();
    EXPECT_TRUE(peer.closed);
}

TEST_F(FilesTest, WithoutADescriptorTheNewestConnectionThatIsIdleIsClosed) {
    start();
    TestPeer& old_and_idle = connect_peer();
    advance(1s);
    TestPeer& newer = accept();
    TestPeer& busy = connect_leecher();
    session->handle_received(busy.id, request(block(1)), now);  // not sent yet
    session->close_newest_idle(now);
    session->close_newest_idle(now);
    session->close_newest_idle(now);
    EXPECT_EQ(drops(DropReason::no_descriptors), 2U);
    run();
    EXPECT_TRUE(newer.closed);
    EXPECT_TRUE(old_and_idle.closed);
    EXPECT_FALSE(busy.closed);
}

}  // namespace
}  // namespace spate::session
