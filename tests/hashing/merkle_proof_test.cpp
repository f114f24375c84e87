#include "hashing/merkle_proof.hpp"

#include <bit>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/hex.hpp"
#include "hashing/digest.hpp"
#include "tests/hashing/merkle_files.hpp"

using namespace spate;
using namespace spate::hashing;

namespace {

const Hasher hasher = Hasher::best();

/// Every valid range of a tree.
std::vector<HashRange> ranges_of(const MerkleLayers& tree) {
    std::vector<HashRange> ranges;
    for (std::uint32_t base = tree.base_height(); base < tree.root_height(); ++base) {
        const std::uint32_t nodes = 1U << (tree.root_height() - base);
        for (std::uint32_t length = 2; length <= nodes; length *= 2) {
            for (std::uint32_t index = 0; index < nodes; index += length) {
                const std::uint32_t most = proof_layers_to_root(base, tree.root_height());
                for (std::uint32_t layers = 0; layers <= most; ++layers) {
                    ranges.push_back({base, index, length, layers});
                }
            }
        }
    }
    return ranges;
}

/// A file in pieces, as its owner knows it.
struct FileTree {
    FileTree(std::span<const Sha256Digest> leaves, std::size_t piece_leaves)
        : piece_height(static_cast<unsigned>(std::bit_width(piece_leaves)) - 1),
          whole(MerkleLayers::of_file(hasher, leaves, 0)),
          above_pieces(MerkleLayers::of_file(hasher, piece_layer(hasher, leaves, piece_leaves),
                                             piece_height)) {
        while (!leaves.empty()) {
            const auto taken = leaves.first(std::min(piece_leaves, leaves.size()));
            pieces.emplace_back(hasher, taken, 0U, piece_height);
            leaves = leaves.subspan(taken.size());
        }
    }

    unsigned piece_height;
    MerkleLayers whole;
    MerkleLayers above_pieces;
    std::vector<MerkleLayers> pieces;
};

/// What libtorrent 2.0.8, seeding mixed_bytes(1000000) as a v2 torrent of 64 KiB pieces, answered
/// to hash requests over a socket: SHA-256 of the hashes of the message.
struct LibtorrentAnswer {
    HashRange range;
    std::size_t hashes;
    std::string_view sha256_of_hashes;
};

constexpr LibtorrentAnswer libtorrent_answers[] = {
    {{2, 0, 16, 0}, 16, "055a21031de262d00a80a68b7994b215b0b4334a09435e58ae220ff50dee9642"},
    {{2, 0, 2, 3}, 5, "c53ae26995ec4aef69c5bb8dc28f08edfb207c4bc8dfd24b4c623fae58d1373f"},
    {{2, 4, 4, 3}, 6, "2c175e0ce6ca9fdd5223027f571ed633859fd2fe7b5b359a002dbc54993d69a0"},
    {{2, 0, 16, 3}, 16, "055a21031de262d00a80a68b7994b215b0b4334a09435e58ae220ff50dee9642"},
    {{2, 14, 2, 3}, 5, "223615c9505d4ee646f303822028151e21c848ceb92b089f8d43878813135555"},
    {{2, 8, 8, 3}, 9, "f923ba72a33dd263ffa8146e89ee088576895fd9347d8059da8f9bb4e65ab0b8"},
    {{2, 8, 8, 2}, 8, "263cf047f5437d2565cdcac66e2c672b8392e7243ff523d93208264c23562bb8"},
    {{0, 0, 4, 0}, 4, "48e53d7074bcc35d4e5313e13848e435a2ae87b51da5f7b12f2d9f8ba57a2f87"},
    {{0, 0, 4, 5}, 8, "e620e378a9b38e08398e15a5f2324e985dc5a0f90aa80545926e707e20c5ec3c"},
    {{0, 60, 2, 5}, 7, "50600ded8d159deb106cdb8cd33265e187c195a1ed0facd72dbb076a082c5c14"},
    {{0, 60, 4, 5}, 8, "5b94282e8eda56c03af9506c72cf16241908eee6c659c2c4ef53a3ba0ccf77a9"},
    {{0, 60, 4, 2}, 5, "f36d45a06a6eaf70d0c781b81d2e95436f13f88890f14002f9e2be95f965710e"},
    {{2, 12, 4, 1}, 4, "6d27a527511d4093541bfa9c8c5e56f05916541076b113e680c049527e0e896f"},
    {{0, 0, 64, 5}, 64, "6ad47bf6f960516c5340cc0d0b987330b890b82b7c94212bacc9a0912f76c686"},
    {{1, 30, 2, 4}, 6, "9fb7c7b5857d49284b6874ed41752be8aa29a72291aaaa83cce788276f4b0b75"},
};

}  // namespace

TEST(MerkleProof, AnswersAsLibtorrentDoes) {
    const FileTree file(leaf_hashes(hasher, mixed_bytes(1000000)), 4);
    for (const auto& [range, count, expected] : libtorrent_answers) {
        SCOPED_TRACE(testing::Message() << range.base_layer << ' ' << range.index << ' '
                                        << range.length << ' ' << range.proof_layers);
        ASSERT_TRUE(is_valid(range, file.whole.root_height()));
        const auto hashes = file.whole.prove(range);
        EXPECT_EQ(hashes.size(), count);
        EXPECT_EQ(hash_count(range), count);
        EXPECT_EQ(to_hex(sha256(std::as_bytes(std::span(hashes))).bytes), expected);
    }
}

TEST(MerkleProof, OfEveryRangeOfASmallTreeLeadsToItsNode) {
    for (std::size_t count = 2; count <= 40; ++count) {
        const auto tree = MerkleLayers::of_file(hasher, random_nodes(count, count), 0);
        for (const HashRange& range : ranges_of(tree)) {
            ASSERT_TRUE(is_valid(range, tree.root_height()));
            const auto hashes = tree.prove(range);
            const NodePlace place = proven_node(range);
            ASSERT_EQ(hashes.size(), hash_count(range));
            ASSERT_TRUE(verify_proof(hasher, range, hashes, tree.node(place)));
            if (range.proof_layers == proof_layers_to_root(range.base_layer, tree.root_height())) {
                ASSERT_EQ(place, (NodePlace{tree.root_height(), 0}));
            }
        }
    }
}

TEST(MerkleProof, InsideAPieceIsThatOfTheWholeTree) {
    for (const std::size_t count : {9, 16, 17, 31, 33}) {
        const FileTree file(random_nodes(count, count), 8);
        for (const HashRange& range : ranges_of(file.whole)) {
            if (!is_within_piece(range, file.piece_height)) continue;
            const std::size_t piece = range.index >> (file.piece_height - range.base_layer);
            if (piece >= file.pieces.size()) continue;
            ASSERT_EQ(prove_in_piece(file.pieces[piece], file.above_pieces, range),
                      file.whole.prove(range));
        }
    }
}

TEST(MerkleProof, FromThePieceLayerUpIsThatOfTheWholeTree) {
    const FileTree file(random_nodes(100, 1), 4);
    EXPECT_EQ(file.above_pieces.root(), file.whole.root());
    for (const HashRange& range : ranges_of(file.above_pieces)) {
        ASSERT_EQ(file.above_pieces.prove(range), file.whole.prove(range));
    }
}

TEST(MerkleProof, AnyFlippedBitOfASmallTreeIsCaught) {
    for (const std::size_t count : {2, 3, 5, 8}) {
        const auto tree = MerkleLayers::of_file(hasher, random_nodes(count, count), 0);
        for (const HashRange& range : ranges_of(tree)) {
            auto hashes = tree.prove(range);
            const Sha256Digest known = tree.node(proven_node(range));
            for (Sha256Digest& hash : hashes) {
                for (std::size_t bit = 0; bit < 256; ++bit) {
                    flip_bit(hash, bit);
                    ASSERT_FALSE(verify_proof(hasher, range, hashes, known)) << bit;
                    flip_bit(hash, bit);
                }
            }
            ASSERT_TRUE(verify_proof(hasher, range, hashes, known));
        }
    }
}

TEST(MerkleProof, RandomFlippedBitsOfALargeTreeAreCaught) {
    const auto tree = MerkleLayers::of_file(hasher, random_nodes(5000, 5), 3);
    Prng random(6);
    for (int round = 0; round < 300; ++round) {
        HashRange range{.base_layer = static_cast<std::uint32_t>(3 + random.below(5))};
        const unsigned above = tree.root_height() - range.base_layer;
        range.length = 2U << random.below(std::min(above, 9U));
        range.index =
            static_cast<std::uint32_t>(random.below((1U << above) / range.length)) * range.length;
        range.proof_layers = static_cast<std::uint32_t>(random.below(above));
        ASSERT_TRUE(is_valid(range, tree.root_height()));
        auto hashes = tree.prove(range);
        const Sha256Digest known = tree.node(proven_node(range));
        ASSERT_TRUE(verify_proof(hasher, range, hashes, known));
        flip_bit(hashes[random.below(hashes.size())], random.below(256));
        ASSERT_FALSE(verify_proof(hasher, range, hashes, known));
    }
}

TEST(MerkleProof, AtAnotherPlaceIsCaught) {
    const auto tree = MerkleLayers::of_file(hasher, random_nodes(32, 7), 0);
    const HashRange here{0, 8, 4, 4};
    const auto hashes = tree.prove(here);
    for (std::uint32_t index = 0; index < 32; index += 4) {
        const HashRange there{0, index, 4, 4};
        EXPECT_EQ(verify_proof(hasher, there, hashes, tree.root()), index == here.index);
    }
}

TEST(MerkleProof, WithAHashTooManyOrTooFewIsRefused) {
    const auto tree = MerkleLayers::of_file(hasher, random_nodes(16, 8), 0);
    const HashRange range{0, 4, 4, 3};
    auto hashes = tree.prove(range);
    hashes.push_back(hashes.back());
    EXPECT_FALSE(root_by_proof(hasher, range, hashes));
    hashes.resize(hashes.size() - 2);
    EXPECT_FALSE(root_by_proof(hasher, range, hashes));
    EXPECT_FALSE(root_by_proof(hasher, range, {}));
}

TEST(HashRange, IsValidOnlyAsBep52WantsIt) {
    constexpr unsigned height = 5;
    EXPECT_TRUE(is_valid({0, 0, 32, 4}, height));
    EXPECT_TRUE(is_valid({4, 0, 2, 0}, height));
    EXPECT_FALSE(is_valid({0, 0, 0, 0}, height)) << "no hashes";
    EXPECT_FALSE(is_valid({0, 0, 1, 0}, height)) << "a single hash";
    EXPECT_FALSE(is_valid({0, 0, 3, 0}, height)) << "not a power of two";
    EXPECT_FALSE(is_valid({0, 2, 4, 0}, height)) << "not at a multiple of its length";
    EXPECT_FALSE(is_valid({0, 32, 2, 0}, height)) << "behind the layer";
    EXPECT_FALSE(is_valid({0, 0, 64, 0}, height)) << "longer than the layer";
    EXPECT_FALSE(is_valid({0, 0, 2, 5}, height)) << "above the root";
    EXPECT_FALSE(is_valid({5, 0, 2, 0}, height)) << "the root alone";
    EXPECT_FALSE(is_valid({~0U, 0, 2, 0}, height));
    EXPECT_FALSE(is_valid({0, ~0U - 1, 2, 0}, height));
    EXPECT_FALSE(is_valid({0, 0, 2, ~0U}, height));
    EXPECT_FALSE(is_valid({0, 0, 2, 0}, 0)) << "a file of one leaf has no layer to ask for";
}

TEST(HashRange, HasALimit) {
    EXPECT_TRUE(is_valid({0, 0, range_hashes_max, 0}, 20));
    EXPECT_FALSE(is_valid({0, 0, 2 * range_hashes_max, 0}, 20));
}

TEST(MerkleLayers, OfASingleNodeIsThatNode) {
    const auto node = random_nodes(1, 9);
    const auto tree = MerkleLayers::of_file(hasher, node, 2);
    EXPECT_EQ(tree.root(), node.front());
    EXPECT_EQ(tree.root_height(), 2U);
}

TEST(MerkleLayers, OfAPieceReachesToThePiecesRoot) {
    const auto leaves = random_nodes(3, 10);
    const MerkleLayers piece(hasher, leaves, 0, 6);
    EXPECT_EQ(piece.root(), merkle_root(hasher, leaves, 64));
    EXPECT_EQ(piece.node({3, 7}), zero_subtree_root(hasher, 3));
}
