#include "engine/base/payload_buffers.hpp"

#include <array>

#include <gtest/gtest.h>

namespace spate {
namespace {

constexpr BufferId first{1};
constexpr BufferId second{2};

struct PayloadBuffersTest : testing::Test {
    std::array<std::byte, 128> memory{};
    MutableBytes low = MutableBytes(memory).first(64);
    MutableBytes high = MutableBytes(memory).last(64);
    PayloadBuffers table;
};

TEST_F(PayloadBuffersTest, APromisedBufferGetsItsMemoryWhenItIsLookedUp) {
    table.add_spare(low);
    table.promise(first, 64);
    EXPECT_FALSE(table.has_memory(first));
    EXPECT_EQ(table.used_bytes(), 0U);
    EXPECT_EQ(table.at({first, 10}, 5).data(), low.data() + 10);
    EXPECT_TRUE(table.has_memory(first));
    EXPECT_EQ(table.used_bytes(), 64U);
}

TEST_F(PayloadBuffersTest, MemoryThatWasUsedIsTakenBeforeUntouchedOne) {
    table.add_spare(low);
    table.promise(first, 64);
    (void)table.at(first);
    table.take_back(first);
    table.add_spare(high);
    table.promise(first, 64);
    table.promise(second, 64);
    EXPECT_EQ(table.at(second).data(), low.data()) << "whoever comes first";
    EXPECT_EQ(table.at(first).data(), high.data());
}

TEST_F(PayloadBuffersTest, WhatIsPromisedIsNotPromisedAgain) {
    EXPECT_FALSE(table.has_unpromised(64));
    table.add_spare(low);
    EXPECT_TRUE(table.has_unpromised(64));
    EXPECT_FALSE(table.has_unpromised(32));
    table.promise(first, 64);
    EXPECT_FALSE(table.has_unpromised(64));
    EXPECT_FALSE(table.take_unpromised());
    table.take_back(first);
    EXPECT_EQ(table.take_unpromised()->data(), low.data());
    EXPECT_FALSE(table.has_unpromised(64));
}

TEST_F(PayloadBuffersTest, IsHotFullFromItsLimitOn) {
    std::vector<std::byte> most(PayloadBuffers::hot_bytes_max - 64);
    table.add_spare(most);
    table.add_spare(low);
    table.promise(first, most.size());
    table.promise(second, 64);
    (void)table.at(first);
    EXPECT_FALSE(table.is_hot_full());
    (void)table.at(second);
    EXPECT_TRUE(table.is_hot_full());
    table.take_back(second);
    EXPECT_FALSE(table.is_hot_full());
}

}  // namespace
}  // namespace spate
