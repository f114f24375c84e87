#include <cstdlib>
#include <cstring>
#include <memory>

#include <gtest/gtest.h>
#include <mimalloc.h>

namespace {

template <class T>
using FromMalloc = std::unique_ptr<T, decltype(&std::free)>;

TEST(Allocator, CallocIsMimallocs) {
    const FromMalloc<void> block(std::calloc(1, 1000), &std::free);
    EXPECT_TRUE(mi_is_in_heap_region(block.get()));
}

TEST(Allocator, OperatorNewIsMimallocs) {
    const auto block = std::make_unique<char[]>(1000);
    EXPECT_TRUE(mi_is_in_heap_region(block.get()));
}

TEST(Allocator, WhatTheCLibraryAllocatesIsMimallocs) {
    const FromMalloc<char> copy(strdup("allocated inside libc"), &std::free);
    EXPECT_TRUE(mi_is_in_heap_region(copy.get()));
}

TEST(Allocator, GivesBackWhatIsFreedAtOnce) {
    EXPECT_EQ(mi_option_get(mi_option_decommit_delay), 0);
}

}  // namespace
