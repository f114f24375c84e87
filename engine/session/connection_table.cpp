#include "engine/session/connection_table.hpp"

#include "engine/base/assert.hpp"

namespace spate::session {

Connection& ConnectionTable::create(const Endpoint& remote, bool outgoing, Time now) {
    std::uint32_t index = static_cast<std::uint32_t>(slots_.size());
    if (free_.size() > resting_min) {
        index = free_.front();
        free_.pop_front();
    } else {
        // The session refuses more than connections_max, whatever the user allows.
        SPATE_ASSERT(slots_.size() <= slot_mask);
        slots_.emplace_back();
    }
    Slot& slot = slots_[index];
    const ConnectionId id(index | slot.generation << slot_bits);
    slot.connection = std::make_unique<Connection>(id, remote, outgoing, now);
    ++size_;
    return *slot.connection;
}

void ConnectionTable::destroy(ConnectionId id) {
    Slot& slot = slots_[slot_of(id)];
    SPATE_ASSERT(slot.connection && slot.connection->id == id);
    slot.connection.reset();
    ++slot.generation;
    free_.push_back(slot_of(id));
    --size_;
}

Connection* ConnectionTable::find(ConnectionId id) const {
    Connection* const connection = at_slot(slot_of(id));
    return connection != nullptr && connection->id == id ? connection : nullptr;
}

Connection* ConnectionTable::at_slot(std::uint32_t slot) const {
    return slot < slots_.size() ? slots_[slot].connection.get() : nullptr;
}

}  // namespace spate::session
