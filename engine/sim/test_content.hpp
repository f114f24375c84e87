#pragma once
// engine/sim/test_content.hpp: what simulated peers share.
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "engine/metainfo/new_file.hpp"
#include "engine/metainfo/torrent_writer.hpp"

namespace spate::sim {

/// How payload is simulated.
enum class Payload : std::uint8_t {
    bytes,  // every byte moves, is hashed and stored
    names,  // blocks are known by their names alone, so that a large swarm fits into memory
};

/// A torrent: small and of pseudo-random bytes, whole in memory, so that every byte that moves in a
/// simulation can be compared with the right one; or of any size and with names only. Immutable,
/// shared by all nodes.
class TestContent {
public:
    struct Shape {
        std::uint64_t total_bytes = 2 << 20;
        std::uint32_t piece_length_bytes = 32 << 10;
        /// Of v2 and hybrid, whose payload is in bytes, a piece is a power of two of at least 16
        /// KiB.
        metainfo::TorrentVersion version = metainfo::TorrentVersion::v1;
        /// Beside the one that has the bytes: they make the info dictionary longer.
        std::uint32_t empty_files = 0;
        /// All bytes are zeros: a torrent of very many small pieces is made at once.
        bool zeros = false;
    };
    TestContent(Shape shape, std::uint64_t seed, Payload payload = Payload::bytes);

    const std::shared_ptr<const metainfo::Metainfo>& metainfo() const { return metainfo_; }
    /// What a magnet link knows: the info-hash.
    const std::shared_ptr<const metainfo::Metainfo>& magnet() const { return magnet_; }
    /// Of a content in bytes: the piece has the torrent's hashes, all that it has of it.
    bool matches(PieceIndex piece, Bytes bytes) const;
    Payload payload() const { return payload_; }
    /// Of a content in bytes. The block lies within its piece.
    Bytes block(BlockRef block) const;
    Bytes piece(PieceIndex piece) const;

private:
    void hash(metainfo::NewTorrent& torrent, bool all_alike, Prng& random) const;

    Payload payload_;
    std::vector<std::byte> bytes_;
    std::shared_ptr<const metainfo::Metainfo> metainfo_;
    std::shared_ptr<const metainfo::Metainfo> magnet_;
};

}  // namespace spate::sim
