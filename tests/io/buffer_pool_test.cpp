#include "io/buffer_pool.hpp"

#include <algorithm>

#include "tests/io/fixture.hpp"
#include "tests/io/unfriendly_kernel.hpp"

using namespace spate;
using namespace spate::io;

namespace {
constexpr std::size_t mib = 1024 * 1024;
}

TEST(BufferPool, BuffersArePageAlignedAndLargeEnough) {
    BufferPool pool(64 * mib);
    for (const std::size_t size : {1UL, 16384UL, 16385UL, 256UL * 1024, 4 * mib, 5 * mib}) {
        const auto id = pool.take(size).value();
        EXPECT_GE(pool.at(id).size(), size);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pool.at(id).data()) % 4096, 0U);
        pool.at(id).front() = pool.at(id).back() = std::byte{1};
        pool.give_back(id);
    }
    EXPECT_EQ(pool.taken_bytes(), 0U);
}

TEST(BufferPool, TheBufferGivenBackLastIsTakenFirst) {
    BufferPool pool(4 * mib);
    const auto a = pool.take(16384).value();
    const auto b = pool.take(16384).value();
    pool.give_back(a);
    pool.give_back(b);
    EXPECT_EQ(pool.take(16384), b);
    EXPECT_EQ(pool.take(16384), a);
    pool.give_back(a);
    pool.give_back(b);
}

TEST(BufferPool, BuffersDoNotOverlap) {
    BufferPool pool(4 * mib);
    std::vector<BufferId> taken;
    while (const auto id = pool.take(64 * 1024)) {
        std::ranges::fill(pool.at(*id), static_cast<std::byte>(taken.size()));
        taken.push_back(*id);
    }
    ASSERT_EQ(taken.size(), 64U);
    for (std::size_t i = 0; i < taken.size(); ++i) {
        const auto memory = pool.at(taken[i]);
        EXPECT_TRUE(std::ranges::all_of(
            memory, [&](std::byte b) { return b == static_cast<std::byte>(i); }));
        pool.give_back(taken[i]);
    }
}

TEST(BufferPool, AnUsedUpBudgetIsAnEmptyResultUntilSomethingComesBack) {
    BufferPool pool(2 * mib);
    const auto a = pool.take(1 * mib).value();
    const auto b = pool.take(1 * mib).value();
    EXPECT_FALSE(pool.take(16384));
    EXPECT_FALSE(pool.take(1 * mib));
    EXPECT_LE(pool.mapped_bytes(), pool.budget_bytes());
    pool.give_back(a);
    const auto c = pool.take(1 * mib);
    EXPECT_EQ(c, a);
    pool.give_back(*c);
    pool.give_back(b);
}

TEST(BufferPool, UnusedSlabsOfOneSizeMakeRoomForAnother) {
    BufferPool pool(4 * mib);
    const auto small_1 = pool.take(2 * mib).value();
    const auto small_2 = pool.take(2 * mib).value();
    pool.give_back(small_1);
    EXPECT_FALSE(pool.take(4 * mib));  // one slab is still in use
    pool.give_back(small_2);
    const auto large = pool.take(4 * mib);
    ASSERT_TRUE(large);
    EXPECT_EQ(pool.mapped_bytes(), 4 * mib);
    pool.give_back(*large);
    const auto again = pool.take(16384).value();
    EXPECT_EQ(pool.at(again).size(), 16384U);
    pool.give_back(again);
}

TEST(BufferPool, ABudgetBelowOneSlabStillHoldsWhatFits) {
    BufferPool pool(100 * 1024);
    std::vector<BufferId> taken;
    while (const auto id = pool.take(16384)) taken.push_back(*id);
    EXPECT_EQ(taken.size(), 6U);
    for (const auto id : taken) pool.give_back(id);
    EXPECT_FALSE(pool.take(128 * 1024));
}

TEST(BufferPoolDeathTest, GivingBackTwiceIsOurBug) {
    EXPECT_DEATH(
        {
            BufferPool pool(4 * mib);
            const auto id = pool.take(16384).value();
            pool.give_back(id);
            pool.give_back(id);
        },
        "is_taken");
}

TEST(BufferPoolDeathTest, ASizeAboveTheLargestIsOurBug) {
    EXPECT_DEATH(
        { BufferPool(4 * mib).take(BufferPool::buffer_bytes_max + 1); }, "buffer_bytes_max");
}

TEST(BufferPool, RegisteredBuffersCanBeReadIntoByIndex) {
    const auto ring = Ring::open(features_or_die()).value();
    TemporaryDirectory directory;
    ASSERT_FALSE(atomic_write_file(directory.fd(), "f", as_bytes("fixed")));
    const auto file = open_beneath(directory.fd(), "f").value();
    BufferPool pool(4 * mib);
    const auto early = pool.take(16384).value();
    pool.register_with(*ring);
    const auto late = pool.take(1 * mib).value();
    ASSERT_TRUE(pool.registered());
    for (const auto id : {early, late}) {
        Recorded<> read;
        const auto memory = pool.at(id);
        ring->submit(read, [&](io_uring_sqe* entry) {
            io_uring_prep_read_fixed(entry, file.get(), memory.data(), 5, 0, *pool.fixed_index(id));
        });
        Clock clock;
        while (!read.done()) ring->turn(clock, std::nullopt);
        EXPECT_EQ(read.result(), 5);
        EXPECT_EQ(as_text(memory.first(5)), "fixed");
        pool.give_back(id);
    }
}

TEST(BufferPool, WithoutLockableMemoryItWorksUnregistered) {
    const Features features = features_or_die();
    EXPECT_TRUE(holds_in_child([&] {
        if (!leave_little_lockable_memory()) return false;
        const auto ring = Ring::open(features, {.entries = 8, .completion_entries = 16});
        if (!ring) return false;
        BufferPool pool(4 * mib);
        pool.register_with(**ring);
        const auto id = pool.take(16384);
        if (!id) return false;
        const bool falls_back = !pool.registered() && !pool.fixed_index(*id);
        pool.give_back(*id);
        return falls_back;
    }));
}
