#include "hashing/block_verifier.hpp"

#include <algorithm>
#include <bit>

#include "engine/base/assert.hpp"
#include "hashing/merkle.hpp"

namespace spate::hashing {

BlockVerifier::BlockVerifier(const Sha256Digest& piece_root, std::uint32_t blocks,
                             std::uint32_t leaves_total)
    : root_(piece_root),
      leaves_total_(leaves_total),
      missing_(blocks),
      states_(blocks, State::missing),
      came_(blocks) {
    SPATE_ASSERT(blocks > 0 && blocks <= leaves_total && std::has_single_bit(leaves_total));
}

BlockVerdict BlockVerifier::add(const Hasher& hasher, std::uint32_t block, Bytes data) {
    SPATE_ASSERT(!data.empty() && data.size() <= leaf_bytes);
    Sha256Digest leaf;
    hasher.sha256_many(std::span(&data, 1), std::span(&leaf, 1));
    return add_leaf(block, leaf);
}

BlockVerdict BlockVerifier::add_leaf(std::uint32_t block, const Sha256Digest& leaf) {
    SPATE_ASSERT(block < states_.size());
    came_[block] = leaf;
    if (!knows_leaves_)
        set(block, State::unknown);
    else
        set(block, leaf == expected_[block] ? State::good : State::bad);
    return verdict(block);
}

bool BlockVerifier::learn_leaves(const Hasher& hasher, std::span<const Sha256Digest> leaves) {
    if (leaves.size() < states_.size() || leaves.size() > leaves_total_) return false;
    const auto behind = leaves.subspan(states_.size());
    if (std::ranges::any_of(behind, [](auto& leaf) { return leaf != Sha256Digest{}; }))
        return false;
    if (merkle_root(hasher, leaves, leaves_total_) != root_) return false;
    knows_leaves_ = true;
    expected_.assign(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(states_.size()));
    for (std::uint32_t block = 0; block < states_.size(); ++block) {
        if (states_[block] == State::unknown) add_leaf(block, came_[block]);
    }
    return true;
}

bool BlockVerifier::has(std::uint32_t block) const {
    return states_[block] == State::unknown || states_[block] == State::good;
}

BlockVerdict BlockVerifier::verdict(std::uint32_t block) const {
    switch (states_[block]) {
        case State::missing:
        case State::unknown:
            return BlockVerdict::unknown;
        case State::good:
            return BlockVerdict::good;
        case State::bad:
            return BlockVerdict::bad;
    }
    return BlockVerdict::unknown;
}

bool BlockVerifier::matches(const Hasher& hasher) {
    SPATE_ASSERT(is_complete());
    if (knows_leaves_) return true;  // complete means that every block equals its leaf
    return learn_leaves(hasher, came_);
}

void BlockVerifier::clear() {
    std::ranges::fill(states_, State::missing);
    missing_ = static_cast<std::uint32_t>(states_.size());
}

void BlockVerifier::set(std::uint32_t block, State state) {
    if (has(block)) ++missing_;
    states_[block] = state;
    if (has(block)) --missing_;
}

}  // namespace spate::hashing
