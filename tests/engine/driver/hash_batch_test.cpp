#include "engine/driver/hash_batch.hpp"

#include <gtest/gtest.h>

namespace spate::driver {
namespace {

constexpr Time start{1'000s};

TEST(HashBatch, APieceWaitsForOthersNoLongerThanItsLimit) {
    const hashing::Hasher hasher = hashing::Hasher::best();
    HashBatch batch(hasher);
    EXPECT_FALSE(batch.deadline());
    batch.add({}, start);
    EXPECT_EQ(batch.deadline(), start + HashBatch::wait_max);
    batch.add({}, start + 1ms);
    EXPECT_EQ(batch.deadline(), start + HashBatch::wait_max) << "the first one's";
}

}  // namespace
}  // namespace spate::driver
