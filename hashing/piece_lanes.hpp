#pragma once
// hashing/piece_lanes.hpp: up to sixteen pieces, hashed side by side as their bytes come in.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "hashing/hasher.hpp"

namespace spate::hashing {

/// Pieces hashed side by side. Thirty-two would fill the widest kernel of SHA-1, but not fit into
/// L2 with what they are read from: 0.20 CPU s a GiB instead of 0.19.
inline constexpr unsigned pieces_abreast = 16;

/// Where a piece lies in the data, and what of it is hashed.
struct PieceExtent {
    std::uint64_t offset_bytes = 0;
    /// What SHA-1 covers.
    std::uint32_t size_bytes = 0;
    /// What the merkle tree covers: the front of the piece. The rest is padding.
    std::uint32_t data_bytes = 0;
    /// Of the whole tree, a power of two; those beyond data_bytes are 32 zero bytes each.
    std::uint32_t leaves = 0;

    std::uint64_t end() const { return offset_bytes + size_bytes; }
};

/// Which digests of a piece are computed.
struct DigestChoice {
    /// SHA-1 of the piece (BEP 3).
    bool sha1 = true;
    /// The root of the piece's merkle tree (BEP 52).
    bool root = false;
};

struct PieceDigests {
    std::optional<Sha1Digest> sha1;
    std::optional<Sha256Digest> root;

    bool operator==(const PieceDigests&) const = default;
};

/// Hashes pieces part by part. A part is looked at by all algorithms while it is in a cache. One
/// thread at a time.
class PieceLanes {
public:
    PieceLanes(const Hasher& hasher, DigestChoice choice) : hasher_(hasher), choice_(choice) {}

    DigestChoice choice() const { return choice_; }

    /// Forgets what was and begins with these, at most pieces_abreast and none of them empty.
    void start(std::span<const PieceExtent> pieces);

    /// Lanes whose pieces aren't through yet, in no fixed order.
    std::span<const std::size_t> active() const { return active_; }
    /// The next byte of the data that the lane wants.
    std::uint64_t next_offset(std::size_t lane) const { return at_[lane]; }
    std::uint64_t bytes_left(std::size_t lane) const { return pieces_[lane].end() - at_[lane]; }

    /// Gives up on a lane.
    void drop(std::size_t lane) { std::erase(active_, lane); }

    /// Appends the next bytes to each active lane: parts[i] is that of lane i, up to its piece's
    /// end or else a multiple of 64 bytes, and of leaf_bytes when roots are wanted. Lanes that are
    /// through are no longer active.
    void advance(const std::array<Bytes, pieces_abreast>& parts);

    /// Of a lane that is through.
    const PieceDigests& digests(std::size_t lane) const { return digests_[lane]; }

private:
    void advance_sha1(std::span<const std::size_t> lanes,
                      const std::array<Bytes, pieces_abreast>& parts, bool last);
    void hash_leaves(const std::array<Bytes, pieces_abreast>& parts);

    const Hasher& hasher_;
    const DigestChoice choice_;
    std::vector<std::size_t> active_;
    std::array<PieceExtent, pieces_abreast> pieces_;
    std::array<std::uint64_t, pieces_abreast> at_;
    std::array<Sha1Stream, pieces_abreast> streams_;
    std::array<std::vector<Sha256Digest>, pieces_abreast> leaves_;
    std::array<PieceDigests, pieces_abreast> digests_;
    std::vector<Bytes> blocks_;  // of one part a lane, to be hashed to leaves
    std::vector<Sha256Digest> block_digests_;
};

}  // namespace spate::hashing
