#include "engine/base/payload_buffers.hpp"

namespace spate {

void PayloadBuffers::promise(BufferId id, std::size_t size_bytes) {
    SPATE_ASSERT(size_bytes > 0 && has_unpromised(size_bytes));
    ++spares_[size_bytes].promised;
    entry(id) = {{}, size_bytes};
}

void PayloadBuffers::take_back(BufferId id) {
    Entry& taken = entry(id);
    SPATE_ASSERT(taken.promised_bytes > 0);
    Spare& spare = spares_[taken.promised_bytes];
    if (taken.memory.empty()) {
        --spare.promised;
    } else {
        used_bytes_ -= taken.promised_bytes;
        spare.memory.push_back(taken.memory);
    }
    taken = {};
}

void PayloadBuffers::give_memory(Entry& entry) const {
    if (entry.promised_bytes == 0) return;  // bound to nothing
    Spare& spare = spares_[entry.promised_bytes];
    --spare.promised;
    entry.memory = spare.memory.back();
    spare.memory.pop_back();
    used_bytes_ += entry.promised_bytes;
}

void PayloadBuffers::add_spare(MutableBytes memory) {
    spares_[memory.size()].memory.push_front(memory);
}

bool PayloadBuffers::has_unpromised(std::size_t size_bytes) const {
    const auto found = spares_.find(size_bytes);
    return found != spares_.end() && found->second.memory.size() > found->second.promised;
}

std::optional<MutableBytes> PayloadBuffers::take_unpromised() {
    for (auto& [size, spare] : spares_) {
        if (spare.memory.size() == spare.promised) continue;
        const MutableBytes taken = spare.memory.front();
        spare.memory.pop_front();
        return taken;
    }
    return std::nullopt;
}

}  // namespace spate
