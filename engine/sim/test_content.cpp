#include "engine/sim/test_content.hpp"

#include <algorithm>
#include <bit>
#include <optional>

#include <fmt/format.h>

#include "engine/base/assert.hpp"
#include "hashing/digest.hpp"
#include "hashing/merkle.hpp"

namespace spate::sim {
namespace {

using metainfo::TorrentVersion;

/// Of a piece of a file longer than a piece, or of the file.
Sha256Digest root_of(Bytes piece, std::size_t leaves) {
    const hashing::Hasher hasher = hashing::Hasher::best();
    return hashing::merkle_root(hasher, hashing::leaf_hashes(hasher, piece), leaves);
}

}  // namespace

TestContent::TestContent(Shape shape, std::uint64_t seed, Payload payload) : payload_(payload) {
    Prng random(seed);
    if (payload == Payload::bytes) {
        bytes_.resize(shape.total_bytes);
        if (!shape.zeros) random.fill(bytes_);
        // What is behind the end of a v2 file reads as zeros up to the piece's end.
        if (shape.version == TorrentVersion::v2)
            bytes_.resize((shape.total_bytes / shape.piece_length_bytes + 1) *
                          shape.piece_length_bytes);
    }
    SPATE_ASSERT(payload == Payload::bytes || shape.version == TorrentVersion::v1);
    metainfo::NewTorrent torrent;
    torrent.version = shape.version;
    torrent.name = fmt::format("content-{}", seed);
    torrent.files = {{{torrent.name}, shape.total_bytes}};
    if (shape.empty_files > 0) {
        torrent.single_file = false;
        torrent.files.front().path = {"content"};
        for (std::uint32_t file = 0; file < shape.empty_files; ++file)
            torrent.files.push_back({{fmt::format("empty-{:05}-of-content-{}", file, seed)}, 0});
    }
    torrent.piece_length_bytes = shape.piece_length_bytes;
    hash(torrent, shape.zeros, random);
    auto parsed = metainfo::parse_torrent(metainfo::write_torrent(torrent));
    SPATE_ASSERT(parsed.has_value());
    metainfo_ = std::make_shared<const metainfo::Metainfo>(std::move(*parsed));
    metainfo::Metainfo magnet;
    magnet.info_hash = metainfo_->info_hash;
    magnet.info_hash_v2 = metainfo_->info_hash_v2;
    magnet_ = std::make_shared<const metainfo::Metainfo>(std::move(magnet));
}

void TestContent::hash(metainfo::NewTorrent& torrent, bool all_alike, Prng& random) const {
    const std::uint64_t total = torrent.files.front().size_bytes;
    const std::uint64_t length = torrent.piece_length_bytes;
    std::optional<Sha1Digest> of_all;
    for (std::uint64_t at = 0; at < total; at += length) {
        const std::uint64_t size = std::min<std::uint64_t>(length, total - at);
        const Bytes piece = payload_ == Payload::bytes ? Bytes(bytes_).subspan(at, size) : Bytes();
        if (torrent.version != TorrentVersion::v1) {
            const std::uint64_t covered = total <= length ? size : length;
            const std::uint64_t leaves = (covered - 1) / hashing::leaf_bytes + 1;
            torrent.piece_roots.push_back(root_of(piece, std::bit_ceil(leaves)));
        }
        if (torrent.version == TorrentVersion::v2) continue;
        Sha1Digest hash;
        if (payload_ == Payload::names) {
            random.fill(hash.bytes);
        } else if (of_all && size == length) {
            hash = *of_all;
        } else {
            hash = hashing::sha1(piece);
            if (all_alike) of_all = hash;
        }
        torrent.piece_hashes.push_back(hash);
    }
}

bool TestContent::matches(PieceIndex piece, Bytes bytes) const {
    const metainfo::Metainfo& torrent = *metainfo_;
    if (torrent.has_v1() && hashing::sha1(bytes) != torrent.piece_hashes[piece.value]) return false;
    return !torrent.has_v2() ||
           root_of(bytes.first(torrent.piece_data_bytes(piece)), torrent.piece_leaves(piece)) ==
               torrent.piece_roots[piece.value];
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
