#include "hashing/merkle.hpp"

#include <bit>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/hex.hpp"
#include "hashing/digest.hpp"
#include "tests/hashing/every_hasher.hpp"
#include "tests/hashing/merkle_files.hpp"

using namespace spate;
using namespace spate::hashing;

namespace {

Sha256Digest digest_of_hex(std::string_view hex) {
    Sha256Digest digest;
    EXPECT_TRUE(from_hex(hex, digest.bytes));
    return digest;
}

/// The definition, one node at a time by OpenSSL.
Sha256Digest plain_root(std::vector<Sha256Digest> layer, std::size_t total, Sha256Digest padding) {
    layer.resize(total, padding);
    while (layer.size() > 1) {
        std::vector<Sha256Digest> above;
        for (std::size_t i = 0; i < layer.size(); i += 2) {
            above.push_back(sha256(std::as_bytes(std::span(layer).subspan(i, 2))));
        }
        layer = above;
    }
    return layer.front();
}

/// What a v2 torrent says of a file of mixed_bytes(): made by libtorrent 2.0.8's python binding,
///   files = lt.file_storage(); lt.add_files(files, path)
///   v2_only = lt.create_torrent_flags_t.v2_only
///   torrent = lt.create_torrent(files, piece_length, v2_only)
///   lt.set_piece_hashes(torrent, folder)
/// then info["file tree"][name][""]["pieces root"] and the front of "piece layers"[root].
struct LibtorrentFile {
    std::size_t size_bytes;
    std::uint32_t piece_length_bytes;
    std::string_view pieces_root;
    std::vector<std::string_view> first_layer_hashes = {};
};

const std::vector<LibtorrentFile> libtorrent_files = {
    {1, 16384, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {16384, 16384, "5ed50de188f53b0342fef76094894727ba124322610b6b9f7a43e09ec785aeb2"},
    {16385, 32768, "0d617a1ac4e5211381c2dc8218f5617f1e46a8a44588ecdc5ad3bf7e34cf95df"},
    {40000, 65536, "c6c12b73a2ae2712ef399591fad68189fb1f89051d598fb193fd77e940d52809"},
    {65536, 65536, "0136823d99ade08806221e443823de6c1dfdff23b3d8adee1a4fe1081c54a0df"},
    {65537,
     65536,
     "ccf9f26ef72383dc56089486b77535755562c2306daf8b61a9411b05f61c06ab",
     {"0136823d99ade08806221e443823de6c1dfdff23b3d8adee1a4fe1081c54a0df",
      "be7cc496ea79ea6bac0536948b5fa235f211747279366514c11fcae07b66c89f"}},
    {100000,
     32768,
     "e60de1ab2e294f0edaa52e367c4b6a01af1af056f2dcd8e805f9abe299361ea8",
     {"8794fea655c70ac94fbe6290b056c905a122bf5a6da7ac96aeb2a2c92d11ec24",
      "29a13c5786bd87a9c3bb3d6dc87763996bd555df314f1616d837d9095f335769",
      "62f8d7c82abaf24d8992cbe4396a79902f1f606356a7bbf67ea85076fa96edb1"}},
    {200000,
     16384,
     "8f108b9aaf683df5ad1b90e998d7b2e73463e653798f915e7abbd4258db42f2d",
     {"5ed50de188f53b0342fef76094894727ba124322610b6b9f7a43e09ec785aeb2",
      "62fee777d90808a0a75ddd87d27be8434874dd285b0821f7a6cca33c09031931"}},
    {1000000,
     65536,
     "530cf6f547cfb19a06019697c2d3f667ffb1b64fa92cf5caf1c679eac801268e",
     {"0136823d99ade08806221e443823de6c1dfdff23b3d8adee1a4fe1081c54a0df",
      "adce742092ce483cee81888fcca44b5aa8a1a715a19c924a5f022087c4c708cf"}},
};

}  // namespace

class MerkleTreeOf : public WithHasher {};
EVERY_HASHER(MerkleTreeOf);

TEST_P(MerkleTreeOf, HasTheRootsThatLibtorrentComputes) {
    for (const LibtorrentFile& file : libtorrent_files) {
        SCOPED_TRACE(file.size_bytes);
        const auto leaves = leaf_hashes(hasher_, mixed_bytes(file.size_bytes));
        const auto root = digest_of_hex(file.pieces_root);
        EXPECT_EQ(merkle_root(hasher_, leaves, std::bit_ceil(leaves.size())), root);
        if (file.size_bytes <= file.piece_length_bytes) continue;
        const auto layer = piece_layer(hasher_, leaves, file.piece_length_bytes / leaf_bytes);
        ASSERT_LE(file.first_layer_hashes.size(), layer.size());
        for (std::size_t i = 0; i < file.first_layer_hashes.size(); ++i) {
            EXPECT_EQ(layer[i], digest_of_hex(file.first_layer_hashes[i])) << i;
        }
        EXPECT_EQ(root_of_piece_layer(hasher_, layer, file.piece_length_bytes), root);
    }
}

TEST_P(MerkleTreeOf, HasTheRootOfTheDefinitionAtEveryWidth) {
    const Sha256Digest padding = random_nodes(1, 99).front();
    for (std::size_t count = 0; count <= 70; ++count) {
        const auto nodes = random_nodes(count, count);
        for (std::size_t total = std::bit_ceil(count); total <= 256; total *= 2) {
            ASSERT_EQ(merkle_root(hasher_, nodes, total), plain_root(nodes, total, {}))
                << count << " of " << total;
            ASSERT_EQ(merkle_root(hasher_, nodes, total, padding),
                      plain_root(nodes, total, padding))
                << count << " of " << total;
        }
    }
}

TEST(MerkleTree, ZeroSubtreesAreTreesOfZeros) {
    const Hasher hasher = Hasher::best();
    for (unsigned height = 0; height <= 8; ++height) {
        EXPECT_EQ(zero_subtree_root(hasher, height),
                  plain_root({}, std::size_t{1} << height, Sha256Digest{}));
    }
}

TEST(MerkleTree, TheHighestTreeOfAllZerosHasARoot) {
    const Hasher hasher = Hasher::best();
    EXPECT_EQ(zero_subtree_root(hasher, tree_height_max),
              merkle_root(hasher, {}, std::size_t{1} << tree_height_max));
}

TEST(MerkleTree, OfNoDataHasNoLeaves) {
    EXPECT_TRUE(leaf_hashes(Hasher::best(), {}).empty());
}

TEST(MerkleTree, OfOneLeafIsThatLeaf) {
    const auto data = mixed_bytes(1000);
    const auto leaves = leaf_hashes(Hasher::best(), data);
    ASSERT_EQ(leaves.size(), 1U);
    EXPECT_EQ(leaves[0], sha256(data));
    EXPECT_EQ(merkle_root(Hasher::best(), leaves, 1), leaves[0]);
}

TEST(MerkleTree, APieceLayerStandsAtTheHeightOfItsPieces) {
    EXPECT_EQ(piece_layer_height(16 * 1024), 0U);
    EXPECT_EQ(piece_layer_height(64 * 1024), 2U);
    EXPECT_EQ(piece_layer_height(1U << 31), 17U);
}
