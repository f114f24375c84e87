#include "hashing/merkle_proof.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "engine/base/assert.hpp"

namespace spate::hashing {
namespace {

unsigned height_of(const HashRange& range) {
    return static_cast<unsigned>(std::countr_zero(range.length));
}

Sha256Digest parent_of(const Hasher& hasher, const Sha256Digest& left, const Sha256Digest& right) {
    const std::array children{left, right};
    Sha256Digest parent;
    hasher.sha256_parents(children, std::span(&parent, 1));
    return parent;
}

}  // namespace

bool is_valid(const HashRange& range, unsigned root_height) {
    if (range.length < 2 || range.length > range_hashes_max) return false;
    if (!std::has_single_bit(range.length) || range.index % range.length != 0) return false;
    if (range.base_layer >= root_height || root_height > tree_height_max) return false;
    const std::uint64_t layer_nodes = std::uint64_t{1} << (root_height - range.base_layer);
    if (std::uint64_t{range.index} + range.length > layer_nodes) return false;
    return range.proof_layers <= proof_layers_to_root(range.base_layer, root_height);
}

unsigned uncle_count(const HashRange& range) {
    const unsigned left_out = height_of(range) - 1;
    return range.proof_layers - std::min(range.proof_layers, left_out);
}

std::size_t hash_count(const HashRange& range) {
    return std::size_t{range.length} + uncle_count(range);
}

bool is_within_piece(const HashRange& range, unsigned piece_height) {
    return range.base_layer < piece_height &&
           range.length <= 1U << (piece_height - range.base_layer);
}

NodePlace proven_node(const HashRange& range) {
    const unsigned up = height_of(range) + uncle_count(range);
    return {range.base_layer + up, std::uint64_t{range.index} >> up};
}

std::uint32_t proof_layers_to_root(std::uint32_t base_layer, unsigned root_height) {
    SPATE_ASSERT(base_layer < root_height);
    return root_height - base_layer - 1;
}

std::optional<Sha256Digest> root_by_proof(const Hasher& hasher, const HashRange& range,
                                          std::span<const Sha256Digest> hashes) {
    if (hashes.size() != hash_count(range)) return std::nullopt;
    Sha256Digest node = merkle_root(hasher, hashes.first(range.length), range.length);
    std::uint64_t index = range.index / range.length;
    for (const Sha256Digest& uncle : hashes.subspan(range.length)) {
        const bool is_left = index % 2 == 0;
        node = is_left ? parent_of(hasher, node, uncle) : parent_of(hasher, uncle, node);
        index /= 2;
    }
    return node;
}

bool verify_proof(const Hasher& hasher, const HashRange& range,
                  std::span<const Sha256Digest> hashes, const Sha256Digest& known) {
    return root_by_proof(hasher, range, hashes) == known;
}

MerkleLayers::MerkleLayers(const Hasher& hasher, std::span<const Sha256Digest> layer,
                           unsigned base_height, unsigned root_height)
    : base_height_(base_height), padding_{zero_subtree_root(hasher, base_height)} {
    SPATE_ASSERT(!layer.empty() && base_height <= root_height && root_height <= tree_height_max);
    SPATE_ASSERT(layer.size() <= std::uint64_t{1} << (root_height - base_height));
    layers_.emplace_back(layer.begin(), layer.end());
    for (unsigned height = base_height; height < root_height; ++height) {
        std::vector<Sha256Digest>& children = layers_.back();
        const Sha256Digest& missing = padding_.back();
        const bool is_odd = children.size() % 2 != 0;
        if (is_odd) children.push_back(missing);
        std::vector<Sha256Digest> parents(children.size() / 2);
        hasher.sha256_parents(children, parents);
        if (is_odd) children.pop_back();
        padding_.push_back(parent_of(hasher, missing, missing));
        layers_.push_back(std::move(parents));
    }
}

MerkleLayers MerkleLayers::of_file(const Hasher& hasher, std::span<const Sha256Digest> layer,
                                   unsigned base_height) {
    const auto above = static_cast<unsigned>(std::bit_width(std::bit_ceil(layer.size()))) - 1;
    return {hasher, layer, base_height, base_height + above};
}

const Sha256Digest& MerkleLayers::node(NodePlace place) const {
    SPATE_ASSERT(place.height >= base_height_ && place.height <= root_height());
    SPATE_ASSERT(place.index < std::uint64_t{1} << (root_height() - place.height));
    const std::vector<Sha256Digest>& layer = layers_[place.height - base_height_];
    return place.index < layer.size() ? layer[place.index] : padding_[place.height - base_height_];
}

void MerkleLayers::append_uncles(NodePlace place, unsigned count,
                                 std::vector<Sha256Digest>& out) const {
    for (; count > 0; --count) {
        out.push_back(node({place.height, place.index ^ 1}));
        place = {place.height + 1, place.index / 2};
    }
}

std::vector<Sha256Digest> MerkleLayers::prove(const HashRange& range) const {
    SPATE_ASSERT(is_valid(range, root_height()) && range.base_layer >= base_height_);
    std::vector<Sha256Digest> hashes;
    hashes.reserve(hash_count(range));
    for (std::uint64_t i = 0; i < range.length; ++i) {
        hashes.push_back(node({range.base_layer, range.index + i}));
    }
    const unsigned up = height_of(range);
    append_uncles({range.base_layer + up, std::uint64_t{range.index} >> up}, uncle_count(range),
                  hashes);
    return hashes;
}

std::vector<Sha256Digest> prove_in_piece(const MerkleLayers& piece, const MerkleLayers& file,
                                         const HashRange& range) {
    SPATE_ASSERT(is_valid(range, file.root_height()));
    SPATE_ASSERT(piece.root_height() == file.base_height());
    SPATE_ASSERT(is_within_piece(range, piece.root_height()));
    const unsigned range_height = height_of(range);
    const unsigned above_base = piece.root_height() - range.base_layer;
    const unsigned in_piece = std::min(uncle_count(range), above_base - range_height);
    HashRange inside = range;
    inside.index = range.index % (1U << above_base);
    inside.proof_layers = in_piece == 0 ? 0 : range_height - 1 + in_piece;
    std::vector<Sha256Digest> hashes = piece.prove(inside);
    file.append_uncles({piece.root_height(), range.index >> above_base},
                       uncle_count(range) - in_piece, hashes);
    return hashes;
}

}  // namespace spate::hashing
