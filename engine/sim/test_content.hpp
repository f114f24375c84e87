#pragma once
// engine/sim/test_content.hpp: what simulated peers share.
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/metainfo/metainfo.hpp"

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
    };
    TestContent(Shape shape, std::uint64_t seed, Payload payload = Payload::bytes);

    const std::shared_ptr<const metainfo::Metainfo>& metainfo() const { return metainfo_; }
    /// What a magnet link knows: the info-hash.
    const std::shared_ptr<const metainfo::Metainfo>& magnet() const { return magnet_; }
    Payload payload() const { return payload_; }
    /// Of a content in bytes. The block lies within its piece.
    Bytes block(BlockRef block) const;
    Bytes piece(PieceIndex piece) const;

private:
    Payload payload_;
    std::vector<std::byte> bytes_;
    std::shared_ptr<const metainfo::Metainfo> metainfo_;
    std::shared_ptr<const metainfo::Metainfo> magnet_;
};

}  // namespace spate::sim
