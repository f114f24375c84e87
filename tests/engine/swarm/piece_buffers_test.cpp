#include "engine/swarm/piece_buffers.hpp"

#include <gtest/gtest.h>

#include "tests/engine/swarm/plain_memory.hpp"

namespace spate::swarm {
namespace {

constexpr std::uint32_t size = 64 * 1024;

TEST(PieceBuffers, GrantsBuffersOfTheSizeUntilTheBudgetIsSpent) {
    PlainMemory memory;
    PieceBuffers buffers(memory, 3 * size);
    std::vector<BufferId> taken;
    for (int i = 0; i < 3; ++i) {
        const auto id = buffers.acquire(size);
        ASSERT_TRUE(id);
        EXPECT_NE(*id, PieceBuffers::discard);
        EXPECT_EQ(buffers.table().at(*id).size(), size);
        taken.push_back(*id);
    }
    EXPECT_EQ(buffers.allocated_bytes(), 3 * size);
    EXPECT_FALSE(buffers.exhausted());
    EXPECT_FALSE(buffers.acquire(size));
    EXPECT_TRUE(buffers.exhausted());
    buffers.release(taken[1]);
    EXPECT_FALSE(buffers.exhausted());
    EXPECT_EQ(buffers.acquire(size), taken[1]);
    for (const BufferId id : taken) buffers.release(id);
    EXPECT_EQ(buffers.in_use(), 0U);
}

/// Memory that the system has, and has not, and has again.
class FickleMemory final : public PayloadMemory {
public:
    MutableBytes allocate(std::size_t size_bytes) override {
        return has_some ? plain_.allocate(size_bytes) : MutableBytes();
    }
    void free(MutableBytes memory) override { plain_.free(memory); }

    bool has_some = true;

private:
    PlainMemory plain_;
};

TEST(PieceBuffers, MemoryThatTheSystemLacksIsAskedForAgainWhenNothingIsInUse) {
    FickleMemory memory;
    PieceBuffers buffers(memory, 3 * size);
    memory.has_some = false;
    EXPECT_FALSE(buffers.acquire(size));
    EXPECT_FALSE(buffers.exhausted());
    memory.has_some = true;
    const auto id = buffers.acquire(size);
    ASSERT_TRUE(id);
    buffers.release(*id);
}

TEST(PieceBuffers, WithoutAnyMemoryTheyAreNotMade) {
    FickleMemory memory;
    memory.has_some = false;
    EXPECT_THROW(PieceBuffers(memory, 3 * size), std::bad_alloc);
}

TEST(PieceBuffers, OneBufferIsGrantedHoweverLarge) {
    PlainMemory memory;
    PieceBuffers buffers(memory, 1024);
    const auto large = buffers.acquire(16 * size);
    ASSERT_TRUE(large);
    EXPECT_FALSE(buffers.acquire(1));
    buffers.release(*large);
    const auto small = buffers.acquire(1);
    ASSERT_TRUE(small);
    buffers.release(*small);
}

TEST(PieceBuffers, TheBufferGivenBackLastIsTakenFirst) {
    PlainMemory memory;
    PieceBuffers buffers(memory, 10 * size);
    const BufferId a = *buffers.acquire(size);
    const BufferId b = *buffers.acquire(size);
    const BufferId c = *buffers.acquire(size);
    buffers.release(b);
    buffers.release(c);
    buffers.release(a);
    EXPECT_EQ(buffers.acquire(size), a);
    EXPECT_EQ(buffers.acquire(size), c);
    EXPECT_EQ(buffers.acquire(size), b);
    for (const BufferId id : {a, b, c}) buffers.release(id);
}

TEST(PieceBuffers, IdleBuffersOfAnotherSizeMakeRoom) {
    PlainMemory memory;
    PieceBuffers buffers(memory, 4 * size);
    const BufferId a = *buffers.acquire(2 * size);
    const BufferId b = *buffers.acquire(2 * size);
    buffers.release(a);
    buffers.release(b);
    const BufferId large = *buffers.acquire(4 * size);
    EXPECT_EQ(buffers.allocated_bytes(), 4 * size);
    EXPECT_EQ(memory.count(), 2U) << "the discard buffer and this one";
    buffers.release(large);
}

TEST(PieceBuffers, MemoryThatRunsOutIsAnOrdinaryResult) {
    PlainMemory memory(2);  // the discard buffer and one more
    PieceBuffers buffers(memory, 10 * size);
    const auto only = buffers.acquire(size);
    ASSERT_TRUE(only);
    EXPECT_FALSE(buffers.acquire(size));
    EXPECT_TRUE(buffers.exhausted());
    buffers.release(*only);
}

TEST(PieceBuffers, APinHoldsUntilEveryReceiveHasEnded) {
    PlainMemory memory;
    PieceBuffers buffers(memory, size);
    const BufferId id = *buffers.acquire(size);
    EXPECT_FALSE(buffers.pinned(id));
    buffers.pin(id);
    buffers.pin(id);
    buffers.unpin(id);
    EXPECT_TRUE(buffers.pinned(id));
    buffers.unpin(id);
    EXPECT_FALSE(buffers.pinned(id));
    buffers.release(id);
}

TEST(PieceBuffersDeathTest, APinnedBufferIsNeverReused) {
    PlainMemory memory;
    PieceBuffers buffers(memory, size);
    const BufferId id = *buffers.acquire(size);
    buffers.pin(id);
    EXPECT_DEATH(buffers.release(id), "pinned");
    buffers.unpin(id);
    buffers.release(id);
}

TEST(PieceBuffers, TheDiscardBufferTakesTheLongestBlock) {
    PlainMemory memory;
    const PieceBuffers buffers(memory, size);
    EXPECT_GE(buffers.table().at(PieceBuffers::discard).size(), PieceBuffers::discard_size_bytes);
}

}  // namespace
}  // namespace spate::swarm
