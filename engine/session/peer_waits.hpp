#pragma once
// engine/session/peer_waits.hpp: what the connections of a core wait for.
#include <array>
#include <cstddef>
#include <cstdint>

namespace spate::session {

/// What one connection waits for, as its session knows; sends and reads are the driver's.
enum class PeerWait : std::uint8_t {
    nothing,
    give,       // the peer owes us blocks
    buffer,     // we would ask for blocks, and every piece buffer is taken
    unchoke,    // the peer has what we want and chokes us
    slot,       // the peer wants something and we choke it
    ask,        // the peer is interested and unchoked, and asks for nothing
    rate_limit  // our own limit on the rate
};

/// How many connections wait for each, kept up to date as they change. One thread.
class PeerWaits {
public:
    std::uint32_t operator[](PeerWait wait) const {
        return counts_[static_cast<std::size_t>(wait)];
    }
    /// A connection waited for `before`, and waits for `after`.
    void change(PeerWait before, PeerWait after) {
        if (before != PeerWait::nothing) --counts_[static_cast<std::size_t>(before)];
        if (after != PeerWait::nothing) ++counts_[static_cast<std::size_t>(after)];
    }

private:
    std::array<std::uint32_t, 7> counts_{};
};

}  // namespace spate::session
