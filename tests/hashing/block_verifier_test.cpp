#include "hashing/block_verifier.hpp"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "hashing/digest.hpp"
#include "tests/hashing/merkle_files.hpp"

using namespace spate;
using namespace spate::hashing;

namespace {

const Hasher hasher = Hasher::best();

/// A piece of a file: its data and what the torrent says of it.
struct Piece {
    Piece(std::size_t size_bytes, std::uint32_t tree_leaves)
        : data(mixed_bytes(size_bytes)),
          leaves(leaf_hashes(hasher, data)),
          leaves_total(tree_leaves),
          root(merkle_root(hasher, leaves, leaves_total)) {}

    BlockVerifier verifier() const { return {root, blocks(), leaves_total}; }
    std::uint32_t blocks() const { return static_cast<std::uint32_t>(leaves.size()); }
    Bytes block(std::uint32_t index) const {
        const Bytes rest = Bytes(data).subspan(std::size_t{index} * leaf_bytes);
        return rest.first(std::min<std::size_t>(rest.size(), leaf_bytes));
    }

    std::vector<std::byte> data;
    std::vector<Sha256Digest> leaves;
    std::uint32_t leaves_total;
    Sha256Digest root;
};

void add_all(BlockVerifier& verifier, const Piece& piece) {
    for (std::uint32_t i = 0; i < piece.blocks(); ++i) verifier.add(hasher, i, piece.block(i));
}

}  // namespace

TEST(BlockVerifier, AcceptsThePieceInAnyOrder) {
    Prng random(1);
    for (const std::size_t size_bytes : {1, 16384, 16385, 60000, 65536}) {
        const Piece piece(size_bytes, 4);
        BlockVerifier verifier = piece.verifier();
        std::vector<std::uint32_t> order(piece.blocks());
        std::iota(order.begin(), order.end(), 0U);
        random.shuffle(std::span(order));
        for (const std::uint32_t block : order) {
            EXPECT_FALSE(verifier.is_complete());
            EXPECT_EQ(verifier.add(hasher, block, piece.block(block)), BlockVerdict::unknown);
        }
        ASSERT_TRUE(verifier.is_complete());
        EXPECT_TRUE(verifier.matches(hasher));
        EXPECT_EQ(verifier.verdict(0), BlockVerdict::good);
    }
}

TEST(BlockVerifier, WithoutLeavesAWrongBlockSpoilsThePiece) {
    const Piece piece(65536, 4);
    BlockVerifier verifier = piece.verifier();
    add_all(verifier, piece);
    verifier.add(hasher, 2, piece.block(1));
    EXPECT_FALSE(verifier.matches(hasher));
    EXPECT_EQ(verifier.verdict(2), BlockVerdict::unknown);
    verifier.add(hasher, 2, piece.block(2));
    EXPECT_TRUE(verifier.matches(hasher)) << "the right block replaced it";
}

TEST(BlockVerifier, WithLeavesTellsAWrongBlockWhenItComes) {
    const Piece piece(60000, 8);
    BlockVerifier verifier = piece.verifier();
    ASSERT_TRUE(verifier.learn_leaves(hasher, piece.leaves));
    EXPECT_EQ(verifier.add(hasher, 1, piece.block(1)), BlockVerdict::good);
    EXPECT_EQ(verifier.add(hasher, 2, piece.block(1)), BlockVerdict::bad);
    EXPECT_FALSE(verifier.has(2));
    EXPECT_EQ(verifier.add(hasher, 2, piece.block(2)), BlockVerdict::good);
    verifier.add(hasher, 0, piece.block(0));
    EXPECT_FALSE(verifier.is_complete());
    verifier.add(hasher, 3, piece.block(3));
    EXPECT_TRUE(verifier.is_complete());
    EXPECT_TRUE(verifier.matches(hasher));
}

TEST(BlockVerifier, LeavesThatComeLateFindTheWrongBlockAlone) {
    const Piece piece(65536, 4);
    BlockVerifier verifier = piece.verifier();
    add_all(verifier, piece);
    verifier.add(hasher, 3, piece.block(0));
    EXPECT_FALSE(verifier.matches(hasher));
    ASSERT_TRUE(verifier.learn_leaves(hasher, piece.leaves));
    EXPECT_FALSE(verifier.is_complete());
    for (std::uint32_t block = 0; block < 3; ++block) {
        EXPECT_EQ(verifier.verdict(block), BlockVerdict::good);
    }
    EXPECT_EQ(verifier.verdict(3), BlockVerdict::bad);
}

TEST(BlockVerifier, APieceThatMatchedKeepsItsBlocksAgainstLaterWrongOnes) {
    const Piece piece(65536, 4);
    BlockVerifier verifier = piece.verifier();
    add_all(verifier, piece);
    ASSERT_TRUE(verifier.matches(hasher));
    EXPECT_TRUE(verifier.knows_leaves());
    EXPECT_EQ(verifier.add(hasher, 0, piece.block(1)), BlockVerdict::bad);
}

TEST(BlockVerifier, TakesLeavesWithTheirPaddingOrWithout) {
    const Piece piece(20000, 8);
    auto leaves = piece.leaves;
    EXPECT_TRUE(piece.verifier().learn_leaves(hasher, leaves));
    leaves.resize(8);
    EXPECT_TRUE(piece.verifier().learn_leaves(hasher, leaves));
}

TEST(BlockVerifier, RefusesLeavesOfTheWrongNumber) {
    const Piece piece(20000, 8);
    auto leaves = piece.leaves;
    leaves.resize(9);
    EXPECT_FALSE(piece.verifier().learn_leaves(hasher, leaves));
    leaves.resize(1);
    EXPECT_FALSE(piece.verifier().learn_leaves(hasher, leaves));
    EXPECT_FALSE(piece.verifier().learn_leaves(hasher, {}));
}

TEST(BlockVerifier, RefusesPaddingThatIsNotZeros) {
    auto leaves = random_nodes(4, 3);
    const Sha256Digest root = merkle_root(hasher, leaves, 4);
    BlockVerifier verifier(root, 3, 4);
    EXPECT_FALSE(verifier.learn_leaves(hasher, leaves));
}

TEST(BlockVerifier, CatchesAnyFlippedBitOfALeaf) {
    const Piece piece(50000, 4);
    for (Sha256Digest leaf : piece.leaves) {
        const auto at =
            static_cast<std::size_t>(std::ranges::find(piece.leaves, leaf) - piece.leaves.begin());
        for (std::size_t bit = 0; bit < 256; ++bit) {
            auto leaves = piece.leaves;
            flip_bit(leaves[at], bit);
            BlockVerifier verifier = piece.verifier();
            ASSERT_FALSE(verifier.learn_leaves(hasher, leaves));
            ASSERT_FALSE(verifier.knows_leaves());
        }
    }
}

TEST(BlockVerifier, CatchesAnyFlippedBitOfASmallPiece) {
    Piece piece(200, 1);
    BlockVerifier knowing = piece.verifier();
    ASSERT_TRUE(knowing.learn_leaves(hasher, piece.leaves));
    for (std::size_t bit = 0; bit < piece.data.size() * 8; ++bit) {
        const auto mask = static_cast<std::byte>(1U << bit % 8);
        piece.data[bit / 8] ^= mask;
        BlockVerifier unknowing = piece.verifier();
        unknowing.add(hasher, 0, piece.block(0));
        ASSERT_FALSE(unknowing.matches(hasher));
        ASSERT_EQ(knowing.add(hasher, 0, piece.block(0)), BlockVerdict::bad);
        piece.data[bit / 8] ^= mask;
    }
}

TEST(BlockVerifier, CatchesRandomFlippedBitsOfALargePiece) {
    Piece piece(1000000, 64);
    Prng random(4);
    for (int round = 0; round < 50; ++round) {
        const std::size_t byte = random.below(piece.data.size());
        const auto mask = static_cast<std::byte>(1U << random.below(8));
        piece.data[byte] ^= mask;
        BlockVerifier verifier = piece.verifier();
        add_all(verifier, piece);
        ASSERT_FALSE(verifier.matches(hasher));
        ASSERT_TRUE(verifier.learn_leaves(hasher, piece.leaves));
        const auto wrong = static_cast<std::uint32_t>(byte / leaf_bytes);
        for (std::uint32_t block = 0; block < piece.blocks(); ++block) {
            ASSERT_EQ(verifier.verdict(block),
                      block == wrong ? BlockVerdict::bad : BlockVerdict::good);
        }
        piece.data[byte] ^= mask;
    }
}

TEST(BlockVerifier, ForgetsBlocksButNotLeaves) {
    const Piece piece(65536, 4);
    BlockVerifier verifier = piece.verifier();
    ASSERT_TRUE(verifier.learn_leaves(hasher, piece.leaves));
    add_all(verifier, piece);
    verifier.clear();
    EXPECT_FALSE(verifier.is_complete());
    EXPECT_FALSE(verifier.has(0));
    EXPECT_EQ(verifier.add(hasher, 0, piece.block(0)), BlockVerdict::good);
}
