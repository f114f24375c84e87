#include "engine/swarm/layer_proofs.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

#include "engine/base/assert.hpp"

namespace spate::swarm {
namespace {

constexpr std::size_t chunk_pieces = std::size_t{1} << LayerProofs::chunk_height;

std::span<const Sha256Digest> chunk_at(std::span<const Sha256Digest> layer, std::size_t first) {
    return layer.subspan(first, std::min(chunk_pieces, layer.size() - first));
}

}  // namespace

LayerProofs::LayerProofs(const metainfo::Metainfo& torrent)
    : torrent_(torrent),
      hasher_(hashing::Hasher::best()),
      piece_height_(hashing::piece_layer_height(torrent.piece_length_bytes)) {
    SPATE_ASSERT(torrent.has_v2());
    if (torrent.piece_roots.empty()) return;
    for (std::uint32_t file = 0; file < torrent.files.size(); ++file)
        if (!torrent.files[file].pad && torrent.files[file].size_bytes > torrent.piece_length_bytes)
            files_.push_back(file);
    std::ranges::sort(files_, {}, [&](std::uint32_t f) { return *torrent.files[f].pieces_root; });
}

std::span<const Sha256Digest> LayerProofs::layer_of(const metainfo::FileEntry& file) const {
    const std::uint64_t length = torrent_.piece_length_bytes;
    return std::span(torrent_.piece_roots)
        .subspan(file.offset_bytes / length, (file.size_bytes - 1) / length + 1);
}

std::optional<std::vector<Sha256Digest>> LayerProofs::prove(const HashRef& request) {
    const auto found =
        std::ranges::lower_bound(files_, request.pieces_root, {},
                                 [&](std::uint32_t f) { return *torrent_.files[f].pieces_root; });
    if (found == files_.end() || torrent_.files[*found].pieces_root != request.pieces_root)
        return std::nullopt;
    const auto layer = layer_of(torrent_.files[*found]);
    const unsigned root_height =
        piece_height_ + static_cast<unsigned>(std::bit_width(layer.size() - 1));
    const hashing::HashRange range{request.base_layer, request.index, request.length,
                                   request.proof_layers};
    if (!hashing::is_valid(range, root_height) || range.base_layer < piece_height_)
        return std::nullopt;
    if (layer.size() > chunk_pieces) return prove_in_summit(*found, layer, range);
    return hashing::MerkleLayers::of_file(hasher_, layer, piece_height_).prove(range);
}

std::optional<std::vector<Sha256Digest>> LayerProofs::prove_in_summit(
    std::uint32_t file, std::span<const Sha256Digest> layer, const hashing::HashRange& range) {
    const hashing::MerkleLayers& summit = summit_of(file, layer);
    if (range.base_layer >= summit.base_height()) return summit.prove(range);
    if (!hashing::is_within_piece(range, summit.base_height())) {
        if (range.base_layer != piece_height_) return std::nullopt;
        return prove_long(summit, layer, range);
    }
    // A chunk is to these layers what a piece is to its leaves.
    const std::size_t first =
        (std::size_t{range.index} << (range.base_layer - piece_height_)) & ~(chunk_pieces - 1);
    const std::vector<Sha256Digest> padding{hashing::zero_subtree_root(hasher_, piece_height_)};
    const hashing::MerkleLayers chunk(hasher_,
                                      first < layer.size() ? chunk_at(layer, first) : padding,
                                      piece_height_, summit.base_height());
    return hashing::prove_in_piece(chunk, summit, range);
}

/// Of the piece layer itself: whole chunks, and more than one.
std::vector<Sha256Digest> LayerProofs::prove_long(const hashing::MerkleLayers& summit,
                                                  std::span<const Sha256Digest> layer,
                                                  const hashing::HashRange& range) const {
    const std::size_t first = std::min<std::size_t>(range.index, layer.size());
    const std::size_t count = std::min<std::size_t>(range.length, layer.size() - first);
    std::vector<Sha256Digest> hashes;
    hashes.reserve(hashing::hash_count(range));
    std::ranges::copy(layer.subspan(first, count), std::back_inserter(hashes));
    hashes.resize(range.length, hashing::zero_subtree_root(hasher_, piece_height_));
    const auto height = static_cast<unsigned>(std::countr_zero(range.length));
    summit.append_uncles({piece_height_ + height, range.index >> height},
                         hashing::uncle_count(range), hashes);
    return hashes;
}

const hashing::MerkleLayers& LayerProofs::summit_of(std::uint32_t file,
                                                    std::span<const Sha256Digest> layer) {
    const auto found = summits_.find(file);
    if (found != summits_.end()) return found->second;
    std::vector<Sha256Digest> chunks;
    for (std::size_t first = 0; first < layer.size(); first += chunk_pieces) {
        const hashing::MerkleLayers chunk(hasher_, chunk_at(layer, first), piece_height_,
                                          piece_height_ + chunk_height);
        chunks.push_back(chunk.root());
    }
    return summits_
        .emplace(file,
                 hashing::MerkleLayers::of_file(hasher_, chunks, piece_height_ + chunk_height))
        .first->second;
}

}  // namespace spate::swarm
