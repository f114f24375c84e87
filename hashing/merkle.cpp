#include "hashing/merkle.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "engine/base/assert.hpp"

namespace spate::hashing {
namespace {

Sha256Digest parent_of_two(const Hasher& hasher, const Sha256Digest& child) {
    const std::array children{child, child};
    Sha256Digest parent;
    hasher.sha256_parents(children, std::span(&parent, 1));
    return parent;
}

}  // namespace

std::vector<Sha256Digest> leaf_hashes(const Hasher& hasher, Bytes data) {
    std::vector<Bytes> blocks;
    blocks.reserve((data.size() + leaf_bytes - 1) / leaf_bytes);
    for (; !data.empty(); data = data.subspan(blocks.back().size())) {
        blocks.push_back(data.first(std::min<std::size_t>(leaf_bytes, data.size())));
    }
    std::vector<Sha256Digest> leaves(blocks.size());
    hasher.sha256_many(blocks, leaves);
    return leaves;
}

Sha256Digest merkle_root(const Hasher& hasher, std::span<const Sha256Digest> nodes,
                         std::size_t nodes_total, const Sha256Digest& padding) {
    SPATE_ASSERT(std::has_single_bit(nodes_total) && nodes.size() <= nodes_total);
    std::vector<Sha256Digest> layer;
    layer.reserve(nodes.size() + 1);
    layer.assign(nodes.begin(), nodes.end());
    Sha256Digest missing = padding;
    for (; nodes_total > 1; nodes_total /= 2) {
        if (layer.size() % 2 != 0) layer.push_back(missing);
        const std::size_t parents = layer.size() / 2;
        hasher.sha256_parents(layer, std::span(layer).first(parents));
        const bool complete = layer.size() == nodes_total;
        layer.resize(parents);
        if (!complete) missing = parent_of_two(hasher, missing);
    }
    return layer.empty() ? missing : layer.front();
}

Sha256Digest zero_subtree_root(const Hasher& hasher, unsigned height) {
    SPATE_ASSERT(height <= tree_height_max);
    Sha256Digest root{};
    for (unsigned h = 0; h < height; ++h) root = parent_of_two(hasher, root);
    return root;
}

unsigned piece_layer_height(std::uint32_t piece_length_bytes) {
    SPATE_ASSERT(std::has_single_bit(piece_length_bytes) && piece_length_bytes >= leaf_bytes);
    return static_cast<unsigned>(std::countr_zero(piece_length_bytes / leaf_bytes));
}

Sha256Digest root_of_piece_layer(const Hasher& hasher, std::span<const Sha256Digest> layer,
                                 std::uint32_t piece_length_bytes) {
    SPATE_ASSERT(!layer.empty());
    const unsigned height = piece_layer_height(piece_length_bytes);
    return merkle_root(hasher, layer, std::bit_ceil(layer.size()),
                       zero_subtree_root(hasher, height));
}

}  // namespace spate::hashing
