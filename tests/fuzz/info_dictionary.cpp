// An info dictionary from peers (BEP 9), with and without the piece layers that it lacks: what is
// accepted makes a .torrent file that reads the same.
#include <algorithm>
#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "engine/metainfo/torrent_writer.hpp"

using namespace spate;
using namespace spate::metainfo;

namespace {

void check_missing(Bytes info, const MissingLayers& missing) {
    SPATE_ASSERT(std::ranges::is_sorted(missing.layers, {}, &MissingLayer::pieces_root));
    std::uint64_t hashes = 0;
    for (const MissingLayer& layer : missing.layers) {
        SPATE_ASSERT(layer.piece_count > 1);
        hashes += layer.piece_count;
    }
    SPATE_ASSERT(hashes <= pieces_max);
    // Layers that prove nothing are found out.
    if (missing.layers.empty() || hashes > 1'000) return;
    std::vector<PieceLayer> lies;
    for (const MissingLayer& layer : missing.layers)
        lies.push_back({layer.pieces_root, std::vector<Sha256Digest>(layer.piece_count)});
    SPATE_ASSERT(!parse_info(info, lies));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes info = std::as_bytes(std::span(data, size));
    if (const auto missing = missing_layers(info)) check_missing(info, *missing);
    const auto torrent = parse_info(info);
    if (!torrent) {
        SPATE_ASSERT(!torrent.error().sentence.empty());
        return 0;
    }
    SPATE_ASSERT(is_info_of(*torrent, info));
    const auto again = parse_torrent(write_torrent(*torrent));
    SPATE_ASSERT(again && again->info_hash == torrent->info_hash);
    SPATE_ASSERT(again->info_hash_v2 == torrent->info_hash_v2);
    return 0;
}
