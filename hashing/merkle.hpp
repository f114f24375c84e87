#pragma once
// hashing/merkle.hpp: the trees of BitTorrent v2 (BEP 52) and their roots.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "hashing/hasher.hpp"

namespace spate::hashing {

// A file's tree has the SHA-256 of each 16 KiB of it as leaves, filled up with leaves of 32 zero
// bytes to a power of two; a node is the SHA-256 of its two children. A layer is named by its
// height: leaves have height 0, a node of height h covers 2^h leaves.

inline constexpr std::uint32_t leaf_bytes = 16 * 1024;

/// No file has a higher tree: 2^64 bytes are 2^50 leaves.
inline constexpr unsigned tree_height_max = 50;

/// SHA-256 of each 16 KiB of `data`, of which the last may be short. Empty data has no leaves.
std::vector<Sha256Digest> leaf_hashes(const Hasher& hasher, Bytes data);

/// The root above `nodes`, which are the first of a layer of `nodes_total` (a power of two, at
/// least nodes.size()); the others are `padding` each.
Sha256Digest merkle_root(const Hasher& hasher, std::span<const Sha256Digest> nodes,
                         std::size_t nodes_total, const Sha256Digest& padding = {});

/// The root of 2^height leaves of zeros: what a missing node of that height counts as.
Sha256Digest zero_subtree_root(const Hasher& hasher, unsigned height);

/// The height of a piece's root. A piece is a power of two of at least 16 KiB.
unsigned piece_layer_height(std::uint32_t piece_length_bytes);

/// The `pieces root` of a file from its piece layer (not empty): one hash a piece.
Sha256Digest root_of_piece_layer(const Hasher& hasher, std::span<const Sha256Digest> layer,
                                 std::uint32_t piece_length_bytes);

}  // namespace spate::hashing
