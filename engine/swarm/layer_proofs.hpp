#pragma once
// engine/swarm/layer_proofs.hpp: what a v2 torrent's peers ask of its piece layers (BEP 52).
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "hashing/hasher.hpp"
#include "hashing/merkle_proof.hpp"

namespace spate::swarm {

/// Answers hash requests from Metainfo::piece_roots. Of a tree it keeps only what is above 512
/// pieces, from the first request for it on: a 256th of its layer. The rest is hashed anew for each
/// answer, at most 511 nodes. One thread; the torrent outlives it.
class LayerProofs {
public:
    /// Heights of a tree that are hashed anew.
    static constexpr unsigned chunk_height = 9;

    explicit LayerProofs(const metainfo::Metainfo& torrent);

    /// The hashes of the range and those that prove them. Empty when the request is to be rejected:
    /// no file longer than a piece has this root, the range isn't as BEP 52 wants it, it asks for
    /// hashes below the pieces' roots, which would have to be read from the data, or for more than
    /// a chunk's nodes of a layer between the pieces and the chunks.
    std::optional<std::vector<Sha256Digest>> prove(const HashRef& request);

private:
    std::span<const Sha256Digest> layer_of(const metainfo::FileEntry& file) const;
    std::optional<std::vector<Sha256Digest>> prove_in_summit(std::uint32_t file,
                                                             std::span<const Sha256Digest> layer,
                                                             const hashing::HashRange& range);
    std::vector<Sha256Digest> prove_long(const hashing::MerkleLayers& summit,
                                         std::span<const Sha256Digest> layer,
                                         const hashing::HashRange& range) const;
    const hashing::MerkleLayers& summit_of(std::uint32_t file, std::span<const Sha256Digest> layer);

    const metainfo::Metainfo& torrent_;
    hashing::Hasher hasher_;
    unsigned piece_height_;
    std::vector<std::uint32_t> files_;  // those longer than a piece, by their roots
    /// By file, of files of more than one chunk: the tree above the chunks.
    std::map<std::uint32_t, hashing::MerkleLayers> summits_;
};

}  // namespace spate::swarm
