#pragma once
// engine/base/payload_buffers.hpp: what a BufferId points at, so that protocol machines can name
// payload without owning it.
#include <cstdint>
#include <vector>

#include "engine/base/assert.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"

namespace spate {

/// Where the payload of a block belongs: `at` bytes into `buffer`.
struct BlockSlot {
    BufferId buffer;
    std::uint32_t at = 0;
};

/// The table of one core's payload buffers. The driver fills it with memory that it owns; machines
/// only look ranges up. One thread.
class PayloadBuffers {
public:
    void bind(BufferId id, MutableBytes memory) {
        if (id.value >= spans_.size()) spans_.resize(id.value + 1);
        spans_[id.value] = memory;
    }

    MutableBytes at(BufferId id) const {
        SPATE_ASSERT(id.value < spans_.size());
        return spans_[id.value];
    }

    MutableBytes at(BlockSlot slot, std::uint32_t length) const {
        const MutableBytes whole = at(slot.buffer);
        SPATE_ASSERT(slot.at <= whole.size() && length <= whole.size() - slot.at);
        return whole.subspan(slot.at, length);
    }

private:
    std::vector<MutableBytes> spans_;
};

}  // namespace spate
