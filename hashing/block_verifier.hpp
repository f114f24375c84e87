#pragma once
// hashing/block_verifier.hpp: which blocks of a v2 piece are right, as they come.
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "hashing/hasher.hpp"

namespace spate::hashing {

/// `unknown` until the piece is complete or its leaf hashes are known.
enum class BlockVerdict : std::uint8_t { unknown, good, bad };

/// Verifies one piece of a v2 torrent block by block (BEP 52), in any order, against its root alone
/// or, once a peer has told them, against the piece's leaf hashes, so that a wrong block is found
/// when it comes and nobody else's blocks are thrown away. Holds a hash a block and no data.
/// Owned by whoever assembles the piece; one thread.
class BlockVerifier {
public:
    /// A piece of `blocks` blocks of 16 KiB (the last may be short, at least one), in a tree of
    /// `leaves_total` leaves (a power of two): metainfo's piece_leaves().
    BlockVerifier(const Sha256Digest& piece_root, std::uint32_t blocks, std::uint32_t leaves_total);

    /// A block came; a later one replaces an earlier of the same place. A bad one is forgotten.
    BlockVerdict add(const Hasher& hasher, std::uint32_t block, Bytes data);

    /// The same where the block's SHA-256 is computed already, in a batch with others.
    BlockVerdict add_leaf(std::uint32_t block, const Sha256Digest& leaf);

    /// The leaf hashes of the piece, padding left out or not. False, and nothing changes, when they
    /// don't give the root. Blocks that are here and wrong become bad and are forgotten.
    bool learn_leaves(const Hasher& hasher, std::span<const Sha256Digest> leaves);

    bool knows_leaves() const { return knows_leaves_; }

    /// A block's hash has come, and isn't known to be wrong.
    bool has(std::uint32_t block) const;
    bool is_complete() const { return missing_ == 0; }

    /// Of a block that came at any time.
    BlockVerdict verdict(std::uint32_t block) const;

    /// Whether the complete piece is right. When it isn't, its blocks stay `unknown` until
    /// learn_leaves() tells the wrong ones; clear() forgets them all.
    bool matches(const Hasher& hasher);

    /// Forgets the blocks but not the leaf hashes.
    void clear();

private:
    enum class State : std::uint8_t { missing, unknown, good, bad };

    void set(std::uint32_t block, State state);

    Sha256Digest root_;
    std::uint32_t leaves_total_;
    std::uint32_t missing_;
    bool knows_leaves_ = false;
    std::vector<State> states_;
    std::vector<Sha256Digest> came_;      // of the blocks that are here
    std::vector<Sha256Digest> expected_;  // once known
};

}  // namespace spate::hashing
