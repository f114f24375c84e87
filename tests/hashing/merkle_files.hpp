#pragma once
// tests/hashing/merkle_files.hpp: trees to test with.
#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "engine/base/prng.hpp"
#include "hashing/hasher.hpp"
#include "hashing/merkle.hpp"

namespace spate::hashing {

/// The contents of the files that libtorrent made its trees from.
inline std::vector<std::byte> mixed_bytes(std::size_t size_bytes) {
    std::vector<std::byte> bytes(size_bytes);
    for (std::size_t i = 0; i < size_bytes; ++i) {
        bytes[i] = static_cast<std::byte>(i ^ (i >> 8) ^ (i >> 16));
    }
    return bytes;
}

inline std::vector<Sha256Digest> random_nodes(std::size_t count, std::uint64_t seed) {
    Prng random(seed);
    std::vector<Sha256Digest> nodes(count);
    for (Sha256Digest& node : nodes) random.fill(node.bytes);
    return nodes;
}

/// The roots of a file's pieces, each a tree of `piece_leaves`.
inline std::vector<Sha256Digest> piece_layer(const Hasher& hasher,
                                             std::span<const Sha256Digest> leaves,
                                             std::size_t piece_leaves) {
    std::vector<Sha256Digest> layer;
    while (!leaves.empty()) {
        const std::size_t taken = std::min(piece_leaves, leaves.size());
        layer.push_back(merkle_root(hasher, leaves.first(taken), piece_leaves));
        leaves = leaves.subspan(taken);
    }
    return layer;
}

inline void flip_bit(Sha256Digest& digest, std::size_t bit) {
    digest.bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
}

}  // namespace spate::hashing
