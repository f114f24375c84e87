#pragma once
// engine/wire/expected_blocks.hpp: the blocks a peer was asked for, in the order of the requests.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/assert.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/payload_buffers.hpp"
#include "engine/wire/limits.hpp"

namespace spate::wire {

struct ExpectedBlock {
    BlockRef block;
    BlockSlot slot;
    bool shared = false;  // another peer may fill the slot too
};

/// A queue that is usually taken from the front, and searched when a peer answers out of order.
/// At most expected_blocks_max; holds no memory after release() while empty.
class ExpectedBlocks {
public:
    std::size_t size() const { return entries_.size() - head_; }
    bool empty() const { return size() == 0; }
    const ExpectedBlock& operator[](std::size_t index) const { return entries_[head_ + index]; }

    void push(const ExpectedBlock& expected) {
        SPATE_ASSERT(size() < expected_blocks_max);
        if (head_ > size()) compact();
        entries_.push_back(expected);
    }

    /// Oldest first; empty when the block isn't expected.
    std::optional<std::size_t> find(BlockRef block) const {
        for (std::size_t i = head_; i < entries_.size(); ++i)
            if (entries_[i].block == block) return i - head_;
        return std::nullopt;
    }

    void share(std::size_t index) {
        SPATE_ASSERT(index < size());
        entries_[head_ + index].shared = true;
    }

    void remove(std::size_t index) {
        SPATE_ASSERT(index < size());
        const auto front = entries_.begin() + head_;
        // Shifts the few older ones, so that the usual case moves nothing.
        std::move_backward(front, front + static_cast<std::ptrdiff_t>(index),
                           front + static_cast<std::ptrdiff_t>(index) + 1);
        ++head_;
        if (empty()) compact();
    }

    /// Gives the memory back if nothing is expected.
    void release() {
        if (empty()) *this = ExpectedBlocks();
    }

private:
    void compact() {
        entries_.erase(entries_.begin(), entries_.begin() + head_);
        head_ = 0;
    }

    std::vector<ExpectedBlock> entries_;  // those before head_ are gone
    std::uint32_t head_ = 0;
};

}  // namespace spate::wire
