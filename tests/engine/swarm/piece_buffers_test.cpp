#include <gtest/gtest.h>

#include "tests/engine/swarm/plain_memory.hpp"

using namespace spate;
using namespace spate::swarm;

TEST(PieceBuffers, BudgetBoundsWhatIsAllocated) {
    PlainMemory memory;
    PieceBuffers buffers(memory, 3 * 4096);
    const auto one = buffers.acquire(4096);
    const auto two = buffers.acquire(8000);
    ASSERT_TRUE(one && two);
    EXPECT_EQ(buffers.allocated_bytes(), 3U * 4096);
    EXPECT_FALSE(buffers.acquire(1));
    EXPECT_TRUE(buffers.exhausted());
    buffers.release(*one);
    EXPECT_FALSE(buffers.exhausted());
    EXPECT_TRUE(buffers.acquire(1)) << "of the same size, rounded";
    EXPECT_EQ(buffers.in_use(), 2U);
}

TEST(PieceBuffers, OneBufferIsGrantedHoweverLarge) {
    PlainMemory memory;
    PieceBuffers buffers(memory, 1);
    const auto one = buffers.acquire(1 << 20);
    ASSERT_TRUE(one);
    EXPECT_FALSE(buffers.acquire(1));
    buffers.release(*one);
}

TEST(PieceBuffers, LastReleasedIsTakenFirst) {
    PlainMemory memory;
    PieceBuffers buffers(memory, 1 << 20);
    const auto one = buffers.acquire(4096);
    const auto two = buffers.acquire(4096);
    buffers.release(*one);
    buffers.release(*two);
    EXPECT_EQ(buffers.acquire(4096), two);
    EXPECT_EQ(memory.allocations, 3) << "with the discard buffer";
}

TEST(PieceBuffers, IdleBuffersOfAnotherSizeMakeRoom) {
    PlainMemory memory;
    PieceBuffers buffers(memory, 8192);
    buffers.release(*buffers.acquire(8192));
    EXPECT_TRUE(buffers.acquire(4096));
    EXPECT_EQ(buffers.allocated_bytes(), 4096U);
}

TEST(PieceBuffers, PinsAreCounted) {
    PlainMemory memory;
    PieceBuffers buffers(memory, 8192);
    const BufferId id = *buffers.acquire(4096);
    buffers.pin(id);
    buffers.pin(id);
    buffers.unpin(id);
    EXPECT_TRUE(buffers.pinned(id));
    EXPECT_DEATH(buffers.release(id), "pinned");
    buffers.unpin(id);
    EXPECT_FALSE(buffers.pinned(id));
}
