#pragma once
// engine/metainfo/piece_layers.hpp: what v2 says of each piece (BEP 52 "piece layers").
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/metainfo/bencode.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::metainfo {

/// Piece layers, found by root in O(log n) however many a stranger put there. Views into what it
/// was made from.
class LayersByRoot {
public:
    /// The dictionary "piece layers", where there is one.
    explicit LayersByRoot(std::optional<bencode::Node> dict);
    explicit LayersByRoot(std::span<const PieceLayer> layers);

    /// There was something to look in, if only an empty dictionary.
    bool given() const { return given_; }
    /// The hashes, joined.
    std::optional<std::string_view> find(const Sha256Digest& root) const;

private:
    struct Layer {
        std::string_view root;
        std::string_view hashes;
    };
    bool given_;
    std::vector<Layer> layers_;
};

/// Metainfo::piece_roots of these files, which are aligned and have their pieces roots. Fails when
/// a file longer than a piece has no layer in `layers`, or one that doesn't hash to its root.
/// Layers of nobody are ignored, as other clients do.
std::expected<std::vector<Sha256Digest>, MetainfoError> read_piece_roots(
    const std::vector<FileEntry>& files, std::uint32_t piece_length_bytes,
    const LayersByRoot& layers);

/// Of the files longer than a piece, once each.
std::vector<MissingLayer> layers_of(const std::vector<FileEntry>& files,
                                    std::uint32_t piece_length_bytes);

}  // namespace spate::metainfo
