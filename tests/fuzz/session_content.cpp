#include "tests/fuzz/session_content.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "engine/base/assert.hpp"
#include "engine/base/prng.hpp"
#include "engine/metainfo/torrent_writer.hpp"
#include "hashing/digest.hpp"
#include "hashing/merkle.hpp"

namespace spate::fuzz {
namespace {

using metainfo::TorrentVersion;

constexpr std::uint32_t piece_length_bytes = 2 * block_size_bytes;
constexpr std::uint64_t total_bytes = 4 * std::uint64_t{piece_length_bytes} + 100;
/// Longer than a metadata part.
constexpr std::size_t source_bytes = 20'000;

metainfo::NewTorrent describe(TorrentVersion version, Bytes content) {
    metainfo::NewTorrent torrent;
    torrent.version = version;
    torrent.name = "content";
    torrent.files = {{{torrent.name}, content.size()}};
    torrent.piece_length_bytes = piece_length_bytes;
    torrent.source = std::string(source_bytes, 's');
    for (std::size_t at = 0; at < content.size(); at += piece_length_bytes) {
        const Bytes piece =
            content.subspan(at, std::min<std::size_t>(piece_length_bytes, content.size() - at));
        if (version != TorrentVersion::v2) torrent.piece_hashes.push_back(hashing::sha1(piece));
        if (version == TorrentVersion::v1) continue;
        const auto leaves = hashing::leaf_hashes(hashing::Hasher::best(), piece);
        torrent.piece_roots.push_back(hashing::merkle_root(hashing::Hasher::best(), leaves, 2));
    }
    return torrent;
}

}  // namespace

SessionContent::SessionContent(TorrentVersion version) : bytes_(total_bytes) {
    Prng random(static_cast<std::uint64_t>(version) + 1);
    random.fill(bytes_);
    const metainfo::NewTorrent torrent = describe(version, bytes_);
    info_ = metainfo::write_info(torrent);
    auto parsed = metainfo::parse_torrent(metainfo::write_torrent(torrent));
    SPATE_ASSERT(parsed.has_value());
    metainfo_ = std::make_shared<const metainfo::Metainfo>(std::move(*parsed));
    metainfo::Metainfo magnet;
    magnet.info_hash = metainfo_->info_hash;
    magnet.info_hash_v2 = metainfo_->info_hash_v2;
    magnet_ = std::make_shared<const metainfo::Metainfo>(std::move(magnet));
}

const SessionContent& SessionContent::of(TorrentVersion version) {
    static const std::array<SessionContent, 3> all{SessionContent(TorrentVersion::v1),
                                                   SessionContent(TorrentVersion::v2),
                                                   SessionContent(TorrentVersion::hybrid)};
    return all[static_cast<std::size_t>(version)];
}

Bytes SessionContent::block(BlockRef block) const {
    const std::uint64_t at = std::uint64_t{block.piece.value} * piece_length_bytes + block.offset;
    return Bytes(bytes_).subspan(at, block.length);
}

Bytes SessionContent::piece(PieceIndex piece) const {
    return block({piece, 0, metainfo_->piece_size_bytes(piece)});
}

}  // namespace spate::fuzz
