#pragma once
// engine/session/connection_table.hpp: connections by id.
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/session/connection.hpp"

namespace spate::session {

/// Slots for connections; an id names slot and generation, so that a late answer for a connection
/// that is gone finds nothing. Slots rest before they are used again, so that an id comes back only
/// after millions of connections. Addresses are stable. One thread.
class ConnectionTable {
public:
    static constexpr unsigned slot_bits = 20;
    static constexpr std::uint32_t slot_mask = (1U << slot_bits) - 1;
    /// Slots that rest.
    static constexpr std::uint32_t resting_min = 1024;
    static constexpr std::uint32_t connections_max = (1U << slot_bits) - resting_min;

    /// Below connections_max.
    Connection& create(const Endpoint& remote, bool outgoing, Time now);
    void destroy(ConnectionId id);
    /// nullptr when there is no such connection any more.
    Connection* find(ConnectionId id) const;
    /// The connection in this slot, whatever its generation.
    Connection* at_slot(std::uint32_t slot) const;
    std::size_t size() const { return size_; }
    /// `use` may not create or destroy connections.
    template <class Use>
    void for_each(Use&& use) {
        for (Slot& slot : slots_)
            if (slot.connection) use(*slot.connection);
    }
    static std::uint32_t slot_of(ConnectionId id) { return id.value & slot_mask; }

private:
    struct Slot {
        std::unique_ptr<Connection> connection;
        std::uint32_t generation = 0;
    };
    std::vector<Slot> slots_;
    Fifo<std::uint32_t> free_;  // the longest first
    std::size_t size_ = 0;
};

}  // namespace spate::session
