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

/// The dictionary "piece layers", found by root in O(log n) however many a stranger put there.
class Layers {
public:
    explicit Layers(std::optional<Node> dict) {
        if (!dict) return;
        for (const auto [key, value] : dict->entries())
            if (const auto text = value.as_string()) layers_.push_back({key, *text});
        std::ranges::sort(layers_, {}, &Layer::root);
    }

    std::optional<std::string_view> find(const Sha256Digest& root) const {
        const std::string_view key = as_text(root.bytes);
        const auto found = std::ranges::lower_bound(layers_, key, {}, &Layer::root);
        if (found == layers_.end() || found->root != key) return std::nullopt;
        return found->hashes;
    }

private:
    struct Layer {
        std::string_view root;
        std::string_view hashes;
    };
    std::vector<Layer> layers_;
};

std::expected<std::vector<Sha256Digest>, MetainfoError> read_layer(const FileEntry& file,
                                                                   std::uint64_t pieces,
                                                                   const Layers& layers) {
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

std::expected<std::vector<Sha256Digest>, MetainfoError> read_piece_roots(
    const std::vector<FileEntry>& files, std::uint32_t piece_length_bytes,
    std::optional<Node> layers) {
    const Layers by_root(layers);
    const auto hasher = hashing::Hasher::best();
    std::vector<Sha256Digest> roots;
    for (const FileEntry& file : files) {
        if (file.pad || file.size_bytes == 0) continue;
        if (file.size_bytes <= piece_length_bytes) {
            roots.push_back(*file.pieces_root);
            continue;
        }
        const std::uint64_t pieces = (file.size_bytes - 1) / piece_length_bytes + 1;
        const auto layer = read_layer(file, pieces, by_root);
        if (!layer) return std::unexpected(layer.error());
        if (hashing::root_of_piece_layer(hasher, *layer, piece_length_bytes) != *file.pieces_root)
            return refuse(Kind::piece_layer_invalid, "the piece layer of " +
                                                         quoted(file.path.back()) +
                                                         " does not match its pieces root");
        roots.insert(roots.end(), layer->begin(), layer->end());
    }
    return roots;
}

}  // namespace spate::metainfo
