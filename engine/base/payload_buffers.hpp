#pragma once
// engine/base/payload_buffers.hpp: what a BufferId points at, so that protocol machines can name
// payload without owning it.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
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

/// The table of one core's payload buffers. Its owner fills it with memory; machines only look
/// ranges up. A promised buffer gets spare memory of its size when it is first looked up, that
/// which was given back last: of many buffers that wait for data only those in use take part in the
/// cache. One thread.
class PayloadBuffers {
public:
    /// With more than that in use, data had better come to buffers that have memory already: about
    /// what stays in a core's share of the cache.
    static constexpr std::uint64_t hot_bytes_max = 8ULL << 20;

    void bind(BufferId id, MutableBytes memory) { entry(id) = {memory, 0}; }
    /// There is spare memory for it, which is spoken for from now on.
    void promise(BufferId id, std::size_t size_bytes);
    /// Ends a promise; its memory, if it had got any, is spare again.
    void take_back(BufferId id);

    /// Memory that nobody has touched.
    void add_spare(MutableBytes memory);
    bool has_unpromised(std::size_t size_bytes) const;
    /// Spare memory that nobody was promised, of any size.
    std::optional<MutableBytes> take_unpromised();

    MutableBytes at(BufferId id) const {
        SPATE_ASSERT(id.value < entries_.size());
        if (entries_[id.value].memory.empty()) give_memory(entries_[id.value]);
        return entries_[id.value].memory;
    }

    MutableBytes at(BlockSlot slot, std::uint32_t length) const {
        const MutableBytes whole = at(slot.buffer);
        SPATE_ASSERT(slot.at <= whole.size() && length <= whole.size() - slot.at);
        return whole.subspan(slot.at, length);
    }

    /// Without giving it any.
    bool has_memory(BufferId id) const { return !entries_[id.value].memory.empty(); }
    bool is_hot_full() const { return used_bytes_ >= hot_bytes_max; }
    /// Of promised buffers that have been looked up.
    std::uint64_t used_bytes() const { return used_bytes_; }

private:
    struct Entry {
        MutableBytes memory;
        std::size_t promised_bytes = 0;  // 0 for one that was bound
    };
    struct Spare {
        std::deque<MutableBytes> memory;  // the one that was used last at the end
        std::size_t promised = 0;         // at most as many as there are
    };

    Entry& entry(BufferId id) {
        if (id.value >= entries_.size()) entries_.resize(id.value + 1);
        return entries_[id.value];
    }
    void give_memory(Entry& entry) const;

    // Looking a buffer up changes nothing that its user could tell.
    mutable std::vector<Entry> entries_;           // by id
    mutable std::map<std::size_t, Spare> spares_;  // by size
    mutable std::uint64_t used_bytes_ = 0;
};

}  // namespace spate
