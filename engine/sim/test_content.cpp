#include "engine/sim/test_content.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/assert.hpp"
#include "engine/base/prng.hpp"
#include "engine/metainfo/torrent_writer.hpp"
#include "hashing/digest.hpp"

namespace spate::sim {

TestContent::TestContent(Shape shape, std::uint64_t seed, Payload payload) : payload_(payload) {
    Prng random(seed);
    if (payload == Payload::bytes) {
        bytes_.resize(shape.total_bytes);
        random.fill(bytes_);
    }
    metainfo::NewTorrent torrent;
    torrent.name = fmt::format("content-{}", seed);
    torrent.files = {{{torrent.name}, shape.total_bytes}};
    torrent.piece_length_bytes = shape.piece_length_bytes;
    for (std::uint64_t at = 0; at < shape.total_bytes; at += shape.piece_length_bytes) {
        const std::uint64_t size =
            std::min<std::uint64_t>(shape.piece_length_bytes, shape.total_bytes - at);
        Sha1Digest hash;
        if (payload == Payload::bytes) {
            hash = hashing::sha1(Bytes(bytes_).subspan(at, size));
        } else {
            random.fill(hash.bytes);
        }
        torrent.piece_hashes.push_back(hash);
    }
    auto parsed = metainfo::parse_info(metainfo::write_info(torrent));
    SPATE_ASSERT(parsed.has_value());
    metainfo_ = std::make_shared<const metainfo::Metainfo>(std::move(*parsed));
    metainfo::Metainfo magnet;
    magnet.info_hash = metainfo_->info_hash;
    magnet_ = std::make_shared<const metainfo::Metainfo>(std::move(magnet));
}

Bytes TestContent::block(BlockRef block) const {
    SPATE_ASSERT(payload_ == Payload::bytes);
    const std::uint64_t at =
        std::uint64_t{block.piece.value} * metainfo_->piece_length_bytes + block.offset;
    return Bytes(bytes_).subspan(at, block.length);
}

Bytes TestContent::piece(PieceIndex piece) const {
    return block({piece, 0, metainfo_->piece_size_bytes(piece)});
}

}  // namespace spate::sim
