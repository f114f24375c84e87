#include "engine/driver/hash_batch.hpp"

#include <gtest/gtest.h>

namespace spate::driver {
namespace {

constexpr Time start{1'000s};
constexpr hashing::DigestChoice v1{.sha1 = true, .root = false};
constexpr hashing::DigestChoice v2{.sha1 = false, .root = true};
constexpr hashing::DigestChoice hybrid{.sha1 = true, .root = true};

TEST(HashBatch, APieceWaitsForOthersNoLongerThanItsLimit) {
    const hashing::Hasher hasher = hashing::Hasher::best();
    HashBatch batch(hasher);
    EXPECT_FALSE(batch.deadline());
    batch.add({}, v1, start);
    EXPECT_EQ(batch.deadline(), start + HashBatch::wait_max);
    batch.add({}, v1, start + 1ms);
    EXPECT_EQ(batch.deadline(), start + HashBatch::wait_max) << "the first one's";
}

TEST(HashBatch, FullLanesDontWait) {
    const hashing::Hasher hasher = hashing::Hasher::best();
    HashBatch batch(hasher);
    for (std::size_t i = 0; i < HashBatch::lanes; ++i) {
        EXPECT_FALSE(batch.full_batch_waits());
        batch.add({}, v1, start);
    }
    EXPECT_EQ(batch.deadline(), start);
    EXPECT_TRUE(batch.full_batch_waits());
}

TEST(HashBatch, PiecesThatAreHashedOtherwiseAreNoLaneMates) {
    const hashing::Hasher hasher = hashing::Hasher::best();
    HashBatch batch(hasher);
    for (std::size_t i = 1; i < HashBatch::lanes; ++i) batch.add({}, v1, start);
    batch.add({}, hybrid, start);
    EXPECT_EQ(batch.deadline(), start + HashBatch::wait_max);
}

TEST(HashBatch, ATurnOfFewLanesIsShorterThanASlice) {
    for (std::size_t active = 1; active <= HashBatch::lanes; ++active)
        EXPECT_LE(HashBatch::part_bytes(v1, active), HashBatch::slice_bytes_of_lane);
    EXPECT_EQ(HashBatch::part_bytes(v1, 1), HashBatch::slice_bytes_of_lane);
    EXPECT_EQ(HashBatch::part_bytes(v1, HashBatch::lanes) * HashBatch::lanes,
              HashBatch::slice_bytes);
}

TEST(HashBatch, TheLeavesOfOneTreeFillALongerTurn) {
    EXPECT_EQ(HashBatch::part_bytes(v2, 1), HashBatch::slice_bytes);
    EXPECT_EQ(HashBatch::part_bytes(hybrid, 1), HashBatch::slice_bytes);
    for (std::size_t active = 1; active <= HashBatch::lanes; ++active)
        EXPECT_EQ(HashBatch::part_bytes(v2, active) % hashing::leaf_bytes, 0U);
}

TEST(DigestsOf, AreAllThatTheTorrentHas) {
    metainfo::Metainfo torrent;
    torrent.piece_hashes.resize(1);
    EXPECT_TRUE(digests_of(torrent).sha1 && !digests_of(torrent).root);
    torrent.info_hash_v2 = InfoHashV2{};
    EXPECT_TRUE(digests_of(torrent).sha1 && !digests_of(torrent).root) << "no piece layers known";
    torrent.piece_roots.resize(1);
    EXPECT_TRUE(digests_of(torrent).sha1 && digests_of(torrent).root);
    torrent.piece_hashes.clear();
    EXPECT_TRUE(!digests_of(torrent).sha1 && digests_of(torrent).root);
}

}  // namespace
}  // namespace spate::driver
