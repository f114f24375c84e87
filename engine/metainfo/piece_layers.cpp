#include "engine/metainfo/piece_layers.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "engine/metainfo/file_fields.hpp"
#include "engine/metainfo/text.hpp"
#include "hashing/merkle.hpp"

namespace spate::metainfo {
namespace {

using Kind = MetainfoErrorKind;
using bencode::Node;

std::uint64_t pieces_of(const FileEntry& file, std::uint32_t piece_length_bytes) {
    return (file.size_bytes - 1) / piece_length_bytes + 1;
}

std::expected<std::vector<Sha256Digest>, MetainfoError> read_layer(const FileEntry& file,
                                                                   std::uint64_t pieces,
                                                                   const LayersByRoot& layers) {
    const auto hashes = layers.find(*file.pieces_root);
    if (!hashes)
        return refuse(Kind::piece_layer_missing, "the hashes of the pieces (piece layer) of " +
                                                     quoted(file.path.back()) + " are missing");
    if (hashes->size() != pieces * Sha256Digest::size_bytes)
        return refuse(Kind::piece_layer_invalid,
                      "the piece layer of " + quoted(file.path.back()) + " has " +
                          std::to_string(hashes->size()) + " bytes instead of " +
                          std::to_string(pieces * Sha256Digest::size_bytes));
    std::vector<Sha256Digest> layer(pieces);
    std::memcpy(layer.data(), hashes->data(), hashes->size());
    return layer;
}

}  // namespace

LayersByRoot::LayersByRoot(std::optional<Node> dict) : given_(dict.has_value()) {
    if (!dict) return;
    for (const auto [key, value] : dict->entries())
        if (const auto text = value.as_string()) layers_.push_back({key, *text});
    std::ranges::sort(layers_, {}, &Layer::root);
}

LayersByRoot::LayersByRoot(std::span<const PieceLayer> layers) : given_(!layers.empty()) {
    for (const PieceLayer& layer : layers)
        layers_.push_back(
            {as_text(layer.pieces_root.bytes), as_text(std::as_bytes(std::span(layer.hashes)))});
    std::ranges::sort(layers_, {}, &Layer::root);
}

std::optional<std::string_view> LayersByRoot::find(const Sha256Digest& root) const {
    const std::string_view key = as_text(root.bytes);
    const auto found = std::ranges::lower_bound(layers_, key, {}, &Layer::root);
    if (found == layers_.end() || found->root != key) return std::nullopt;
    return found->hashes;
}

std::expected<std::vector<Sha256Digest>, MetainfoError> read_piece_roots(
    const std::vector<FileEntry>& files, std::uint32_t piece_length_bytes,
    const LayersByRoot& layers) {
    const auto hasher = hashing::Hasher::best();
    std::vector<Sha256Digest> roots;
    for (const FileEntry& file : files) {
        if (file.pad || file.size_bytes == 0) continue;
        if (file.size_bytes <= piece_length_bytes) {
            roots.push_back(*file.pieces_root);
            continue;
        }
        const auto layer = read_layer(file, pieces_of(file, piece_length_bytes), layers);
        if (!layer) return std::unexpected(layer.error());
        if (hashing::root_of_piece_layer(hasher, *layer, piece_length_bytes) != *file.pieces_root)
            return refuse(Kind::piece_layer_invalid, "the piece layer of " +
                                                         quoted(file.path.back()) +
                                                         " does not match its pieces root");
        roots.insert(roots.end(), layer->begin(), layer->end());
    }
    return roots;
}

std::vector<MissingLayer> layers_of(const std::vector<FileEntry>& files,
                                    std::uint32_t piece_length_bytes) {
    std::vector<MissingLayer> layers;
    for (const FileEntry& file : files)
        if (!file.pad && file.size_bytes > piece_length_bytes)
            layers.push_back({*file.pieces_root,
                              static_cast<std::uint32_t>(pieces_of(file, piece_length_bytes))});
    std::ranges::sort(layers, {}, &MissingLayer::pieces_root);
    const auto repeated = std::ranges::unique(layers, {}, &MissingLayer::pieces_root);
    layers.erase(repeated.begin(), repeated.end());
    return layers;
}

}  // namespace spate::metainfo
