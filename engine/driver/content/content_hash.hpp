#pragma once
// engine/driver/content/content_hash.hpp: the digests of a new torrent's pieces.
#include <cstdint>
#include <expected>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/driver/content/content_listing.hpp"
#include "engine/metainfo/new_file.hpp"
#include "hashing/hasher.hpp"
#include "hashing/verify_pipeline.hpp"

namespace spate::driver {

struct ContentHashing {
    const ContentListing& listing;
    /// The listing's files as the torrent shall have them (metainfo::aligned_layout()).
    std::span<const metainfo::NewFile> files;
    metainfo::TorrentVersion version = metainfo::TorrentVersion::v1;
    std::uint32_t piece_length_bytes = 0;
    unsigned threads = 1;
};

/// As metainfo::NewTorrent wants them: of v1, of v2, or of both.
struct ContentDigests {
    std::vector<Sha1Digest> piece_hashes;
    std::vector<Sha256Digest> piece_roots;
};

/// What the progress of hashing comes to: for v1 the pads are hashed too.
std::uint64_t bytes_to_hash(const ContentHashing& work);

/// Why there are no hashes.
struct HashingFailure {
    bool cancelled = false;
    std::string sentence;
};

/// Hashes each piece, for v1 and v2 in one pass. Fails when a file can't be read or isn't the same
/// at the end as when it was listed. Ends soon after a stop is requested. Blocks.
std::expected<ContentDigests, HashingFailure> hash_content(const ContentHashing& work,
                                                           const hashing::Hasher& hasher,
                                                           hashing::PieceProgress& progress,
                                                           std::stop_token stop);

}  // namespace spate::driver
