#include "engine/driver/piece_memory.hpp"

#include <cstdint>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace spate::driver {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t slab_bytes = PieceMemory::slab_bytes;

TEST(PieceMemory, PartsOfASlabArePageAlignedAndDoNotOverlap) {
    PieceMemory memory;
    std::vector<MutableBytes> parts;
    for (std::size_t i = 0; i < slab_bytes / (256 * kib); ++i) {
        parts.push_back(memory.allocate(256 * kib));
        ASSERT_EQ(parts.back().size(), 256 * kib);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(parts.back().data()) % 4096, 0U);
        std::memset(parts.back().data(), static_cast<int>(i), parts.back().size());
    }
    EXPECT_EQ(memory.slab_count(), 1U);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        EXPECT_EQ(parts[i].front(), std::byte(i));
        EXPECT_EQ(parts[i].back(), std::byte(i));
        memory.free(parts[i]);
    }
}

TEST(PieceMemory, ThePartGivenBackLastIsTakenFirst) {
    PieceMemory memory;
    const MutableBytes first = memory.allocate(64 * kib);
    const MutableBytes second = memory.allocate(64 * kib);
    const MutableBytes third = memory.allocate(64 * kib);
    memory.free(second);
    memory.free(first);
    EXPECT_EQ(memory.allocate(64 * kib).data(), first.data());
    EXPECT_EQ(memory.allocate(64 * kib).data(), second.data());
    for (const MutableBytes part : {first, second, third}) memory.free(part);
}

TEST(PieceMemory, ASlabThatNobodyUsesGoesBackToTheSystem) {
    PieceMemory memory;
    const MutableBytes one = memory.allocate(1024 * kib);
    const MutableBytes two = memory.allocate(1024 * kib);
    const MutableBytes three = memory.allocate(1024 * kib);
    EXPECT_EQ(memory.slab_count(), 2U);
    memory.free(one);
    EXPECT_EQ(memory.slab_count(), 2U);
    memory.free(two);
    EXPECT_EQ(memory.slab_count(), 1U);
    memory.free(three);
    EXPECT_EQ(memory.slab_count(), 0U);
}

TEST(PieceMemory, SizesThatAreNearlyAlikeShareASlab) {
    PieceMemory memory;
    const MutableBytes last_of_one = memory.allocate(132 * kib);
    const MutableBytes last_of_another = memory.allocate(200 * kib);
    EXPECT_EQ(last_of_one.size(), 132 * kib);
    EXPECT_EQ(last_of_another.size(), 200 * kib);
    EXPECT_EQ(memory.slab_count(), 1U);
    memory.free(last_of_one);
    memory.free(last_of_another);
}

TEST(PieceMemory, WhatIsLargerThanASlabIsAlignedToHugePages) {
    PieceMemory memory;
    const MutableBytes large = memory.allocate(5 * 1024 * kib);
    ASSERT_EQ(large.size(), 5 * 1024 * kib);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large.data()) % slab_bytes, 0U);
    EXPECT_EQ(large.back(), std::byte{0});
    memory.free(large);
    EXPECT_EQ(memory.slab_count(), 0U);
}

}  // namespace
}  // namespace spate::driver
