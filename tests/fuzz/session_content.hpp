#pragma once
// tests/fuzz/session_content.hpp: small torrents of each kind, with their bytes.
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "engine/metainfo/new_file.hpp"

namespace spate::fuzz {

/// Five pieces of two blocks, the last piece of a few bytes. The info dictionary is longer than a
/// metadata part (BEP 9). Immutable.
class SessionContent {
public:
    explicit SessionContent(metainfo::TorrentVersion version);
    /// The same three for the whole process.
    static const SessionContent& of(metainfo::TorrentVersion version);

    const std::shared_ptr<const metainfo::Metainfo>& metainfo() const { return metainfo_; }
    /// What a magnet link knows.
    const std::shared_ptr<const metainfo::Metainfo>& magnet() const { return magnet_; }
    Bytes info_bytes() const { return info_; }
    /// The block lies within its piece.
    Bytes block(BlockRef block) const;
    Bytes piece(PieceIndex piece) const;

private:
    std::vector<std::byte> bytes_;
    std::vector<std::byte> info_;
    std::shared_ptr<const metainfo::Metainfo> metainfo_;
    std::shared_ptr<const metainfo::Metainfo> magnet_;
};

}  // namespace spate::fuzz
