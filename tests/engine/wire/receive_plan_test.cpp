#include "engine/wire/receive_plan.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "tests/engine/wire/wire_test_peer.hpp"

using namespace spate;
using namespace spate::wire;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

constexpr BlockRef first = block_at(0, 0);
constexpr BlockRef second = block_at(0, block_size_bytes);

std::vector<std::byte> pieces(std::initializer_list<BlockRef> blocks) {
    std::vector<std::byte> bytes;
    for (const BlockRef block : blocks) append_piece(bytes, block);
    return bytes;
}

std::vector<std::size_t> sizes(const ReceivePlan& plan) {
    std::vector<std::size_t> sizes;
    for (const MutableBytes segment : plan.segments()) sizes.push_back(segment.size());
    return sizes;
}

}  // namespace

TEST(ReceivePlan, ScattersHeadersAndPayloadsWithoutACopy) {
    WireTestPeer peer;
    const BlockSlot slot = peer.expect(first);
    peer.expect(second);
    ASSERT_TRUE(peer.plan());
    EXPECT_THAT(sizes(peer.receive_plan), ElementsAre(13, 16384, 13, 16384));
    EXPECT_EQ(peer.receive_plan.segments()[1].data(), peer.slots.buffers().at(slot, 1).data());
    EXPECT_THAT(peer.receive_plan.buffers(), ElementsAre(slot.buffer)) << "each once";

    ASSERT_TRUE(peer.receive(pieces({first, second})));
    EXPECT_THAT(peer.texts(),
                ElementsAre("received 0:0+16384 in 1@0", "received 0:16384+16384 in 1@16384"));
    EXPECT_TRUE(peer.slots.holds_payload(first, slot));
    EXPECT_EQ(peer.wire.bytes_copied(), 0U);
    EXPECT_FALSE(peer.plan()) << "nothing is expected any more";
}

TEST(ReceivePlan, HoldsAtMostSixteenBlocks) {
    WireTestPeer peer;
    for (std::uint32_t i = 0; i < 20; ++i) peer.expect(block_at(i, 0));
    ASSERT_TRUE(peer.plan());
    EXPECT_EQ(peer.receive_plan.segments().size(), 2 * ReceivePlan::blocks_max);
    EXPECT_EQ(peer.receive_plan.buffers().size(), 2U);
}

TEST(ReceivePlan, WithMuchMemoryInUseItEndsBeforeABufferThatHasNone) {
    std::vector<std::byte> hot(PayloadBuffers::hot_bytes_max);
    std::vector<std::byte> of_one(block_size_bytes);
    std::vector<std::byte> of_other(block_size_bytes);
    PayloadBuffers table;
    for (const MutableBytes memory : {MutableBytes(of_one), MutableBytes(of_other)}) {
        table.add_spare(memory);
        table.promise(memory.data() == of_one.data() ? BufferId(1) : BufferId(2), memory.size());
    }
    WireTestPeer peer;
    peer.wire.expect_block(first, {.buffer = BufferId(1)});
    peer.wire.expect_block(block_at(1, 0), {.buffer = BufferId(2)});
    table.add_spare(hot);
    table.promise(BufferId(3), hot.size());
    (void)table.at(BufferId(3));

    EXPECT_TRUE(peer.wire.needs_memory(table));
    ASSERT_TRUE(peer.wire.plan_receive(peer.receive_plan, table));
    EXPECT_THAT(sizes(peer.receive_plan), ElementsAre(13, 16384));
    EXPECT_FALSE(peer.wire.needs_memory(table));
    table.take_back(BufferId(3));
    ASSERT_TRUE(peer.wire.plan_receive(peer.receive_plan, table));
    EXPECT_THAT(sizes(peer.receive_plan), ElementsAre(13, 16384, 13, 16384));
}

TEST(ReceivePlan, LeavesABlockOutThatAnotherPeerMayFill) {
    WireTestPeer peer;
    peer.expect(first);
    peer.expect(second);
    peer.wire.share_block(second);
    ASSERT_TRUE(peer.plan());
    EXPECT_THAT(sizes(peer.receive_plan), ElementsAre(13, 16384));
    ASSERT_TRUE(peer.receive(pieces({first})));
    EXPECT_FALSE(peer.plan()) << "only the shared one is left";
    const auto rest = pieces({second});
    ASSERT_TRUE(peer.hear(Bytes(rest).first(1'000)));
    EXPECT_FALSE(peer.plan()) << "in the middle of it";
    ASSERT_TRUE(peer.hear(Bytes(rest).subspan(1'000)));
    EXPECT_THAT(peer.texts(), ElementsAre("received 0:16384+16384 in 1@16384"));
}

TEST(ReceivePlan, ResumesInTheMiddleOfAPayload) {
    WireTestPeer peer;
    peer.expect(first);
    peer.expect(second);
    const auto bytes = pieces({first, second});
    ASSERT_TRUE(peer.plan());
    ASSERT_TRUE(peer.receive(Bytes(bytes).first(13 + 1000)));
    EXPECT_THAT(peer.texts(), IsEmpty());
    ASSERT_TRUE(peer.plan());
    EXPECT_THAT(sizes(peer.receive_plan), ElementsAre(15384, 13, 16384));
    ASSERT_TRUE(peer.receive(Bytes(bytes).subspan(13 + 1000)));
    EXPECT_EQ(peer.events.size(), 2U);
    EXPECT_EQ(peer.wire.bytes_copied(), 0U);
}

TEST(ReceivePlan, ResumesInTheMiddleOfAHeader) {
    const auto bytes = pieces({first});
    for (std::size_t received = 1; received < 13; ++received) {
        WireTestPeer peer;
        peer.expect(first);
        ASSERT_TRUE(peer.plan());
        ASSERT_TRUE(peer.receive(Bytes(bytes).first(received)));
        ASSERT_TRUE(peer.plan());
        EXPECT_THAT(sizes(peer.receive_plan), ElementsAre(13 - received, 16384));
        ASSERT_TRUE(peer.receive(Bytes(bytes).subspan(received)));
        EXPECT_THAT(peer.texts(), ElementsAre("received 0:0+16384 in 1@0"));
    }
}

TEST(ReceivePlan, IsRefusedWhereItMakesNoSense) {
    WireTestPeer peer;
    EXPECT_FALSE(peer.plan()) << "nothing expected";
    peer.expect(first);
    std::vector<std::byte> have;
    append_have(have, PieceIndex(3));
    ASSERT_TRUE(peer.hear(Bytes(have).first(5)));
    EXPECT_FALSE(peer.plan()) << "inside another message";
    ASSERT_TRUE(peer.hear(Bytes(have).subspan(5)));
    EXPECT_TRUE(peer.plan());

    PeerWire fresh;
    fresh.expect_block(first, peer.slots.allocate(first.length));
    ReceivePlan plan;
    EXPECT_FALSE(fresh.plan_receive(plan, peer.slots.buffers())) << "handshake pending";
    EXPECT_TRUE(plan.empty());
}

TEST(ReceivePlan, AMessageBetweenBlocksMovesTheRest) {
    WireTestPeer peer;
    const BlockSlot slot = peer.expect(first);
    const BlockSlot other = peer.expect(second);
    auto bytes = pieces({first});
    append_have(bytes, PieceIndex(77));
    append_piece(bytes, second);
    ASSERT_TRUE(peer.plan());
    ASSERT_TRUE(peer.receive(Bytes(bytes).first(peer.receive_plan.size_bytes())));
    EXPECT_THAT(peer.texts(), ElementsAre("received 0:0+16384 in 1@0", "have 77"));
    ASSERT_TRUE(peer.plan());
    EXPECT_THAT(sizes(peer.receive_plan), ElementsAre(9)) << "what the HAVE displaced";
    ASSERT_TRUE(peer.receive(Bytes(bytes).last(9)));
    EXPECT_THAT(peer.texts(), ElementsAre("received 0:16384+16384 in 1@16384"));
    EXPECT_TRUE(peer.slots.holds_payload(first, slot));
    EXPECT_TRUE(peer.slots.holds_payload(second, other));
    EXPECT_GT(peer.wire.bytes_copied(), 0U);
}

TEST(ReceivePlan, SwappedBlocksEndUpInTheirOwnSlots) {
    WireTestPeer peer;
    const BlockSlot slot = peer.expect(first);
    const BlockSlot other = peer.expect(second);
    ASSERT_TRUE(peer.plan());
    ASSERT_TRUE(peer.receive(pieces({second, first})));
    EXPECT_EQ(peer.events.size(), 2U);
    EXPECT_TRUE(peer.slots.holds_payload(first, slot));
    EXPECT_TRUE(peer.slots.holds_payload(second, other));
    EXPECT_EQ(peer.wire.expected_count(), 0U);
}

TEST(ReceivePlan, ABlockForgottenInFlightIsDiscarded) {
    WireTestPeer peer;
    peer.expect(first);
    peer.expect(second);
    ASSERT_TRUE(peer.plan());
    EXPECT_TRUE(peer.wire.forget_block(first));
    ASSERT_TRUE(peer.receive(pieces({first, second})));
    EXPECT_THAT(peer.texts(),
                ElementsAre("discarded 0:0+16384", "received 0:16384+16384 in 1@16384"));
    EXPECT_EQ(peer.wire.bytes_copied(), 0U);
}

TEST(ReceivePlan, TheRestOfAForgottenBlockGoesToTheDiscardBuffer) {
    WireTestPeer peer;
    const BlockSlot slot = peer.expect(first);
    const auto bytes = pieces({first});
    ASSERT_TRUE(peer.plan());
    EXPECT_TRUE(peer.wire.forget_block(first));
    ASSERT_TRUE(peer.receive(Bytes(bytes).first(100)));
    ASSERT_TRUE(peer.plan());
    EXPECT_EQ(peer.receive_plan.segments()[0].data(), peer.slots.buffers().at(BufferId{0}).data());
    EXPECT_THAT(peer.receive_plan.buffers(), IsEmpty());
    ASSERT_TRUE(peer.receive(Bytes(bytes).subspan(100)));
    EXPECT_THAT(peer.texts(), ElementsAre("discarded 0:0+16384"));
    EXPECT_EQ(peer.slots.buffers().at(slot, first.length)[100], std::byte{0});
}

TEST(ReceivePlan, ABlockMovedToAnotherSlotInFlightArrivesThere) {
    WireTestPeer peer;
    const BlockSlot old_slot = peer.expect(first);
    ASSERT_TRUE(peer.plan());
    EXPECT_TRUE(peer.wire.forget_block(first));
    const BlockSlot new_slot = peer.expect(first);
    ASSERT_NE(old_slot.at, new_slot.at);
    ASSERT_TRUE(peer.receive(pieces({first})));
    EXPECT_THAT(peer.texts(), ElementsAre("received 0:0+16384 in 1@16384"));
    EXPECT_TRUE(peer.slots.holds_payload(first, new_slot));
}

TEST(ReceivePlan, ABlockExpectedInFlightIsReadFromTheTail) {
    WireTestPeer peer;
    peer.expect(second);
    ASSERT_TRUE(peer.plan());
    const BlockSlot slot = peer.expect(block_at(4, 0, 64));
    ASSERT_TRUE(peer.receive(pieces({block_at(4, 0, 64)})));
    EXPECT_TRUE(peer.slots.holds_payload(block_at(4, 0, 64), slot));
    EXPECT_EQ(peer.wire.expected_count(), 1U);
}

TEST(ReceivePlan, NothingReceivedChangesNothing) {
    WireTestPeer peer;
    peer.expect(first);
    ASSERT_TRUE(peer.plan());
    ASSERT_TRUE(peer.receive({}));
    EXPECT_THAT(peer.texts(), IsEmpty());
    EXPECT_EQ(peer.wire.expected_count(), 1U);
}

TEST(ReceivePlanDeathTest, AnOutdatedPlanIsOurBug) {
    WireTestPeer peer;
    peer.expect(first);
    ASSERT_TRUE(peer.plan());
    ASSERT_TRUE(peer.hear({}));
    EXPECT_DEATH((void)peer.receive({}), "serial");
}
