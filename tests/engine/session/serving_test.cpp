// What peers ask of us.
#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

using wire::MessageId;

struct ServingTest : SessionTest {
    ServingTest() { seeding = true; }

    /// A peer that is served.
    TestPeer& connect_leecher(PeerOptions flags) {
        TestPeer& peer = connect_peer(flags);
        say(peer, message(MessageId::interested));
        return peer;
    }
    TestPeer& connect_leecher() { return connect_leecher(PeerOptions{}); }
};

TEST_F(ServingTest, AnInterestedPeerIsUnchokedAtOnceWhileASlotIsFree) {
    start();
    TestPeer& peer = connect_peer();
    EXPECT_EQ(peer.count(MessageId::unchoke), 0U);
    say(peer, message(MessageId::interested));
    EXPECT_EQ(peer.count(MessageId::unchoke), 1U);
}

TEST_F(ServingTest, BlocksAreSentInTheOrderOfTheRequests) {
    start();
    TestPeer& peer = connect_leecher();
    say(peer, request(block(3)) + request(block(1, 2)) + request({PieceIndex(7), 1, 100}));
    EXPECT_EQ(peer.blocks, (std::vector<BlockRef>{block(3), block(1, 2), {PieceIndex(7), 1, 100}}));
    EXPECT_EQ(torrents[0]->counters.uploaded, 2 * block_size_bytes + 100);
}

struct SendSizeTest : ServingTest {
    std::vector<std::uint32_t> unsent_max_blocks;  // of each of these sends

    /// The blocks of each of `count` sends, of which each takes the peer so long.
    std::vector<std::size_t> send_sizes(int count, Duration each) {
        start();
        TestPeer& peer = connect_leecher();
        ByteVector requests;
        for (std::uint32_t i = 0; i < 140; ++i)
            requests = requests + request(block(i / 4 % 7, i % 4));
        session->handle_received(peer.id, requests, now);
        std::vector<std::size_t> sizes;
        SendPlan plan;
        for (int i = 0; i < count && session->take_send(peer.id, plan, now); ++i) {
            sizes.push_back(plan.block_count);
            unsent_max_blocks.push_back(plan.unsent_max_bytes / block_size_bytes);
            now += each;
            session->handle_sent(peer.id, plan, now);
        }
        while (session->poll_output()) {
        }
        return sizes;
    }
};

TEST_F(SendSizeTest, ManyRequestsAreAnsweredInSendsThatGrowToABound) {
    EXPECT_EQ(send_sizes(5, 1ms),
              (std::vector<std::size_t>{4, 8, SendPlan::blocks_max, SendPlan::blocks_max,
                                        SendPlan::blocks_max}));
    EXPECT_EQ(unsent_max_blocks, (std::vector<std::uint32_t>{4, 8, 0, 0, 0}))
        << "the kernel may hold what it likes";
}

TEST_F(SendSizeTest, SendsShrinkToABlockForAPeerThatTakesThemSlowly) {
    EXPECT_EQ(send_sizes(5, 1s), (std::vector<std::size_t>{4, 2, 1, 1, 1}));
    EXPECT_EQ(unsent_max_blocks, (std::vector<std::uint32_t>{4, 2, 1, 1, 1}));
}

TEST_F(ServingTest, APieceReadFromADiskIsSuggestedToOthersWhoAreServedAndLackIt) {
    start();
    TestPeer& reader = connect_leecher();
    TestPeer& other = connect_leecher();
    TestPeer& owner = connect_leecher();
    say(owner, have(2));
    TestPeer& choked = connect_peer();
    SendPlan plan;
    plan.blocks[0] = block(2);
    plan.blocks[1] = block(2, 1);
    plan.block_count = 2;
    session->handle_cold_read(reader.id, plan);
    for (TestPeer* const peer : {&reader, &other, &owner, &choked}) say(*peer, request(block(1)));
    EXPECT_EQ(other.count(MessageId::suggest_piece), 1U) << "once, however many of its blocks";
    EXPECT_EQ(reader.count(MessageId::suggest_piece), 0U);
    EXPECT_EQ(owner.count(MessageId::suggest_piece), 0U);
    EXPECT_EQ(choked.count(MessageId::suggest_piece), 0U);
}

TEST_F(ServingTest, SuggestionsGoToAFewOfMany) {
    options.home.upload_slots = 32;
    start();
    for (int i = 0; i < 32; ++i) connect_leecher();
    SendPlan plan;
    plan.blocks[0] = block(2);
    plan.block_count = 1;
    session->handle_cold_read(peers[0]->id, plan);
    std::size_t suggestions = 0;
    for (const auto& peer : peers) {
        say(*peer, request(block(1)));
        suggestions += peer->count(MessageId::suggest_piece);
    }
    EXPECT_EQ(suggestions, 4U);
}

TEST_F(ServingTest, ASuperSeedSuggestsNothing) {
    options.super_seed = true;
    start();
    TestPeer& reader = connect_leecher();
    TestPeer& other = connect_leecher();
    SendPlan plan;
    plan.blocks[0] = block(2);
    plan.block_count = 1;
    session->handle_cold_read(reader.id, plan);
    advance(1s);
    EXPECT_EQ(other.count(MessageId::suggest_piece), 0U);
}

TEST_F(ServingTest, ASendTellsWhenEachOfItsBlocksWasAskedFor) {
    start();
    TestPeer& peer = connect_leecher();
    session->handle_received(peer.id, request(block(1)), now);
    session->handle_received(peer.id, request(block(2)), now + 20ms);
    SendPlan plan;
    ASSERT_TRUE(session->take_send(peer.id, plan, now + 50ms));
    ASSERT_EQ(plan.block_count, 2U);
    EXPECT_NEAR(to_seconds(plan.asked_at[0].age(now + 50ms)), 0.050, 1e-5);
    EXPECT_NEAR(to_seconds(plan.asked_at[1].age(now + 50ms)), 0.030, 1e-5);
    while (session->poll_output()) {
    }
}

TEST_F(ServingTest, ARequestOutsideThePieceIsRefused) {
    start();
    // The last piece is shorter than the others: only the session knows.
    TestPeer& last = connect_leecher();
    say(last, request({PieceIndex(7), block_size_bytes, 2}));
    EXPECT_TRUE(last.closed);
    EXPECT_EQ(drops(DropReason::bad_request), 1U);
    TestPeer& beyond = connect_leecher();
    say(beyond, request({PieceIndex(0), piece_length - 1, 2}));
    EXPECT_TRUE(beyond.closed);
    EXPECT_EQ(drops(DropReason::wire_error), 1U);
    // In one piece with the handshake, when the framing doesn't know the torrent yet.
    for (const BlockRef wrong :
         {BlockRef{PieceIndex(8), 0, 1}, BlockRef{PieceIndex(0), piece_length, 1},
          BlockRef{PieceIndex(0), ~std::uint32_t{0}, 2}}) {
        TestPeer& early = accept();
        say(early, handshake(handshake_of(99, {})) + request(wrong));
        EXPECT_TRUE(early.closed);
    }
    EXPECT_EQ(drops(DropReason::bad_request), 4U);
}

TEST_F(ServingTest, ARequestWhileChokedIsRejectedByNameWithTheFastExtension) {
    start();
    TestPeer& peer = connect_peer();
    say(peer, request(block(1)));
    EXPECT_EQ(peer.block_refs(MessageId::reject_request), std::vector<BlockRef>{block(1)});
    EXPECT_TRUE(peer.blocks.empty());
    EXPECT_FALSE(peer.closed);
}

TEST_F(ServingTest, ARequestWhileChokedIsPassedOverInSilenceWithoutIt) {
    start();
    TestPeer& peer = connect_peer({.fast = false});
    const std::size_t before = peer.messages.size();
    say(peer, request(block(1)));
    EXPECT_EQ(peer.messages.size(), before);
    EXPECT_TRUE(peer.blocks.empty());
    EXPECT_FALSE(peer.closed);
}

TEST_F(ServingTest, ARequestForAPieceThatWeLackIsRejected) {
    seeding = false;
    start();
    TestPeer& peer = connect_leecher();
    say(peer, request(block(1)));
    EXPECT_EQ(peer.block_refs(MessageId::reject_request), std::vector<BlockRef>{block(1)});
}

TEST_F(ServingTest, ACancelledRequestIsRejectedWithTheFastExtensionAndDroppedWithout) {
    start();
    for (const bool fast : {true, false}) {
        TestPeer& peer = connect_leecher({.fast = fast});
        // All at once, so that nothing has been sent when the cancel comes.
        say(peer, request(block(1)) + request(block(2)) + cancel(block(1)) + cancel(block(3)));
        EXPECT_EQ(peer.blocks, std::vector<BlockRef>{block(2)});
        EXPECT_EQ(peer.block_refs(MessageId::reject_request),
                  fast ? std::vector<BlockRef>{block(1)} : std::vector<BlockRef>{});
    }
}

TEST_F(ServingTest, AChokeVoidsTheQueue) {
    start();
    for (const bool fast : {true, false}) {
        TestPeer& peer = connect_leecher({.fast = fast});
        // Not interested any more: choked at once, with the requests still queued.
        say(peer, request(block(1)) + request(block(2)) + message(MessageId::not_interested));
        EXPECT_EQ(peer.count(MessageId::choke), 1U);
        EXPECT_TRUE(peer.blocks.empty());
        EXPECT_EQ(peer.count(MessageId::reject_request), fast ? 2U : 0U);
    }
}

TEST_F(ServingTest, APeerThatQueuesMoreThanTheLimitIsDropped) {
    start();
    TestPeer& peer = connect_leecher();
    ByteVector flood;
    constexpr std::uint32_t uploads_max = 4'096;
    for (std::uint32_t i = 0; i < uploads_max; ++i)
        flood = std::move(flood) + request({PieceIndex(0), i, 1});
    session->handle_received(peer.id, flood, now);
    EXPECT_EQ(drops(DropReason::request_flood), 0U);
    session->handle_received(peer.id, request(block(0)), now);
    EXPECT_EQ(drops(DropReason::request_flood), 1U);
    run();
    EXPECT_TRUE(peer.closed);
}

TEST_F(ServingTest, APeerThatMakesUsAnswerAndNeverReadsIsDropped) {
    start();
    TestPeer& peer = connect_peer();
    ByteVector requests;
    for (std::uint32_t i = 0; i < 1'000; ++i) requests = std::move(requests) + request(block(1));
    int rounds = 0;
    // Rejects pile up, because nobody takes what is to be sent.
    while (drops(DropReason::request_flood) == 0 && rounds < 1'000) {
        session->handle_received(peer.id, requests, now);
        ++rounds;
    }
    EXPECT_EQ(drops(DropReason::request_flood), 1U);
    EXPECT_LT(rounds, 100);
    run();
}

}  // namespace
}  // namespace spate::session
