#pragma once
// engine/driver/content/content_hash.hpp: the piece hashes of a new torrent.
#include <cstdint>
#include <expected>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/driver/content/content_listing.hpp"
#include "hashing/hasher.hpp"
#include "hashing/verify_pipeline.hpp"

namespace spate::driver {

struct ContentHashing {
    const ContentListing& listing;
    std::uint32_t piece_length_bytes = 0;
    unsigned threads = 1;
};

/// Why there are no hashes.
struct HashingFailure {
    bool cancelled = false;
    std::string sentence;
};

/// Hashes the files' joined bytes. Fails when a file can't be read or isn't the same at the end as
/// when it was listed. Ends soon after a stop is requested. Blocks.
std::expected<std::vector<Sha1Digest>, HashingFailure> hash_content(
    const ContentHashing& work, const hashing::Hasher& hasher, hashing::PieceProgress& progress,
    std::stop_token stop);

}  // namespace spate::driver
