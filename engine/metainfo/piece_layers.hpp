#pragma once
// engine/metainfo/piece_layers.hpp: what v2 says of each piece (BEP 52 "piece layers").
#include <expected>
#include <optional>
#include <vector>

#include "engine/metainfo/bencode.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::metainfo {

/// Metainfo::piece_roots of these files, which are aligned and have their pieces roots. Fails when
/// a file longer than a piece has no layer in `layers`, or one that doesn't hash to its root.
/// Layers of nobody are ignored, as other clients do.
std::expected<std::vector<Sha256Digest>, MetainfoError> read_piece_roots(
    const std::vector<FileEntry>& files, std::uint32_t piece_length_bytes,
    std::optional<bencode::Node> layers);

}  // namespace spate::metainfo
