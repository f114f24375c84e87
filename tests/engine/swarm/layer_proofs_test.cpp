#include "engine/swarm/layer_proofs.hpp"

#include <bit>

#include <gtest/gtest.h>

#include "hashing/merkle_proof.hpp"
#include "tests/engine/swarm/layer_content.hpp"

namespace spate::swarm {
namespace {

using hashing::HashRange;

HashRef request_of(const metainfo::Metainfo& torrent, std::size_t file, HashRange range) {
    return {*torrent.files[file].pieces_root, range.base_layer, range.index, range.length,
            range.proof_layers};
}

/// What a whole tree says; the layer is at height `base`.
std::vector<Sha256Digest> proof_of(const std::vector<Sha256Digest>& layer, unsigned base,
                                   HashRange range) {
    return hashing::MerkleLayers::of_file(hashing::Hasher::best(), layer, base).prove(range);
}

TEST(LayerProofs, EveryRangeOfTheLayerIsProvenAsTheWholeTreeProvesIt) {
    for (const std::uint32_t pieces : {2U, 3U, 512U, 513U, 1700U, 9000U}) {
        const metainfo::Metainfo torrent = layered_torrent({1, pieces, 5}, 64 * 1024);
        LayerProofs proofs(torrent);
        const auto layer = layer_of(torrent, 1);
        const unsigned base = 2;
        const unsigned height = base + static_cast<unsigned>(std::bit_width(pieces - 1));
        for (std::uint32_t length = 2; length <= std::bit_ceil(pieces); length *= 2)
            for (const std::uint32_t index :
                 {0U, length, (pieces - 1) / length * length, std::bit_ceil(pieces) - length})
                for (std::uint32_t up = 0; up < height - base; up += 3) {
                    const HashRange range{base, index, length, up};
                    if (!hashing::is_valid(range, height)) continue;
                    EXPECT_EQ(proofs.prove(request_of(torrent, 1, range)),
                              proof_of(layer, base, range))
                        << pieces << ' ' << index << '+' << length << ' ' << up;
                }
    }
}

TEST(LayerProofs, LayersAboveThePiecesAreProvenToo) {
    const metainfo::Metainfo torrent = layered_torrent({5000});
    LayerProofs proofs(torrent);
    const auto layer = layer_of(torrent, 0);
    for (const HashRange range :
         {HashRange{1, 0, 2, 11}, HashRange{3, 64, 64, 9}, HashRange{8, 6, 2, 4},
          HashRange{9, 0, 16, 3}, HashRange{10, 2, 2, 2}})
        EXPECT_EQ(proofs.prove(request_of(torrent, 0, range)), proof_of(layer, 0, range));
}

TEST(LayerProofs, WhatIsNotKnownOrNotAllowedIsRejected) {
    const metainfo::Metainfo torrent = layered_torrent({1, 5000}, 32 * 1024);
    LayerProofs proofs(torrent);
    const auto rejects = [&](HashRange range) {
        return !proofs.prove(request_of(torrent, 1, range)).has_value();
    };
    EXPECT_FALSE(rejects({1, 0, 512, 12}));
    EXPECT_TRUE(rejects({0, 0, 2, 0})) << "leaves";
    EXPECT_TRUE(rejects({1, 0, 1, 12})) << "one hash";
    EXPECT_TRUE(rejects({1, 0, 3, 12})) << "no power of two";
    EXPECT_TRUE(rejects({1, 256, 512, 12})) << "no multiple of the length";
    EXPECT_TRUE(rejects({1, 8192, 512, 12})) << "behind the end";
    EXPECT_TRUE(rejects({1, 0, 512, 13})) << "above the root";
    EXPECT_TRUE(rejects({1, 0, 16384, 0})) << "too many";
    EXPECT_TRUE(rejects({2, 0, 1024, 0})) << "would hash more than a chunk";
    EXPECT_TRUE(rejects({0xffffffff, 0xfffffffe, 2, 0xffffffff}));
    EXPECT_FALSE(proofs.prove(request_of(torrent, 0, {1, 0, 2, 0}))) << "of one piece";
    EXPECT_FALSE(proofs.prove(HashRef{{}, 1, 0, 2, 0})) << "of nobody";
}

TEST(LayerProofs, AHybridWhoseLayersArentKnownProvesNothing) {
    metainfo::Metainfo torrent = layered_torrent({8});
    const HashRef request = request_of(torrent, 0, {0, 0, 8, 2});
    ASSERT_TRUE(LayerProofs(torrent).prove(request));
    torrent.piece_roots.clear();
    EXPECT_FALSE(LayerProofs(torrent).prove(request));
}

}  // namespace
}  // namespace spate::swarm
