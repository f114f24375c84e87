#pragma once
// hashing/merkle_proof.hpp: parts of a tree and what proves them, as BEP 52's `hash request` asks
// for them and its `hashes` message carries them.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/ids.hpp"
#include "hashing/hasher.hpp"
#include "hashing/merkle.hpp"

namespace spate::hashing {

/// Where a node stands: `index` counts the nodes of its height from the left.
struct NodePlace {
    unsigned height = 0;
    std::uint64_t index = 0;
    bool operator==(const NodePlace&) const = default;
};

/// The fields of a `hash request` after the pieces root: `length` hashes of the layer of height
/// `base_layer` from `index` on, then the uncles that lead `proof_layers` layers further up. The
/// first log2(length) - 1 of these follow from the hashes themselves and are left out.
struct HashRange {
    std::uint32_t base_layer = 0;
    std::uint32_t index = 0;
    std::uint32_t length = 0;
    std::uint32_t proof_layers = 0;
    bool operator==(const HashRange&) const = default;
};

/// The most hashes of one layer in a range: the leaves of a piece of 128 MiB.
inline constexpr std::uint32_t range_hashes_max = 8192;

/// Whether a tree whose root is at `root_height` has this range, and it is as BEP 52 wants it: a
/// power of two of hashes, two or more, starting at a multiple of their number.
bool is_valid(const HashRange& range, unsigned root_height);

/// How many of the proof layers are in the message. Of a valid range, as all that follows.
unsigned uncle_count(const HashRange& range);

/// How many hashes the message carries in all.
std::size_t hash_count(const HashRange& range);

/// Whether the range lies below the roots of pieces and in one piece alone.
bool is_within_piece(const HashRange& range, unsigned piece_height);

/// The node that the message leads to: the caller must know its hash already.
NodePlace proven_node(const HashRange& range);

/// The proof layers that lead from `base_layer` to the root.
std::uint32_t proof_layers_to_root(std::uint32_t base_layer, unsigned root_height);

/// The hash of proven_node() that follows from `hashes`: those of the range, then the uncles from
/// the lowest up. Empty when their number is not hash_count().
std::optional<Sha256Digest> root_by_proof(const Hasher& hasher, const HashRange& range,
                                          std::span<const Sha256Digest> hashes);

/// Whether `hashes` prove the range against the known hash of its proven_node().
bool verify_proof(const Hasher& hasher, const HashRange& range,
                  std::span<const Sha256Digest> hashes, const Sha256Digest& known);

/// A tree from one of its layers up to its root, to answer hash requests from: of a file from its
/// piece layer, or of a piece or of a small file from its leaves. Twice the layer in memory.
/// Constant once made, so usable by any number of threads.
class MerkleLayers {
public:
    /// `layer` are the first nodes of height `base_height` (not empty, at most
    /// 2^(root_height - base_height)); those behind them are roots of zeros.
    MerkleLayers(const Hasher& hasher, std::span<const Sha256Digest> layer, unsigned base_height,
                 unsigned root_height);

    /// Of a whole file: the root is as low as it can be.
    static MerkleLayers of_file(const Hasher& hasher, std::span<const Sha256Digest> layer,
                                unsigned base_height);

    const Sha256Digest& root() const { return layers_.back().front(); }
    unsigned base_height() const { return base_height_; }
    unsigned root_height() const {
        return base_height_ + static_cast<unsigned>(layers_.size()) - 1;
    }

    /// Of any node between the base and the root, those of the padding too.
    const Sha256Digest& node(NodePlace place) const;

    /// Appends the siblings of the node and of its ancestors, `count` in all.
    void append_uncles(NodePlace place, unsigned count, std::vector<Sha256Digest>& out) const;

    /// What a `hashes` message carries for a range that is_valid() with base_layer >=
    /// base_height().
    std::vector<Sha256Digest> prove(const HashRange& range) const;

private:
    unsigned base_height_;
    std::vector<std::vector<Sha256Digest>> layers_;  // [h]: of height base_height_ + h, unpadded
    std::vector<Sha256Digest> padding_;  // [h]: what stands behind the end of layers_[h]
};

/// prove() for a range that is_within_piece() of a larger file: `piece` goes from the leaves of
/// that piece to its root, `file` from the piece layer up. The range counts from the file's start.
std::vector<Sha256Digest> prove_in_piece(const MerkleLayers& piece, const MerkleLayers& file,
                                         const HashRange& range);

}  // namespace spate::hashing
