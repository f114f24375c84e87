#pragma once
// engine/driver/wait_meter.hpp: what a core waits for while it has nothing to compute.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/time.hpp"
#include "engine/session/peer_waits.hpp"

namespace spate::driver {

enum class WaitCause : std::uint8_t {
    disk,         // payload is being read, or buffers are full of pieces that are being written
    hashing,      // buffers are full of pieces that wait for their hash
    peers_take,   // data was sent and isn't taken
    peers_give,   // blocks were asked for and don't come
    peers_ask,    // peers that are served ask for nothing
    peers_choke,  // peers that have what is wanted choke us
    slots,        // peers want data, and we choke them
    rate_limit,   // the user's limits
    idle          // none of these
};
inline constexpr std::array<std::string_view, 9> wait_cause_names{
    "disk",        "hashing", "peers_take", "peers_give", "peers_ask",
    "peers_choke", "slots",   "rate_limit", "idle"};
/// By cause.
using WaitSeconds = std::array<double, wait_cause_names.size()>;

/// What a core has under way, in connections, pieces and operations.
struct CoreLoad {
    std::uint32_t cold_reads = 0;
    std::uint32_t sends = 0;  // that carry blocks
    std::uint32_t writes = 0;
    bool hashing = false;
    session::PeerWaits peers{};
};

/// Divides the time of one wait among its causes; the shares add up to 1. Each connection that
/// waits for data to move has one vote, whatever for; choking, and peers that don't ask, count when
/// there is none.
WaitSeconds wait_shares(const CoreLoad& load);

/// Adds up what one core waited for. A wait in the ring includes what the kernel does for the core
/// meanwhile, such as copying what is sent, so only the sum tells how long it really waited: what
/// the core's CPU time leaves of the time. One thread.
class WaitMeter {
public:
    void add(const CoreLoad& load, Duration wait);
    /// Ends an interval in which the core waited for `waited` in all: the waits added since the
    /// last are scaled to that sum.
    void settle(Duration waited);
    /// Of all intervals that were settled.
    const WaitSeconds& seconds() const { return settled_; }

private:
    WaitSeconds pending_{};
    WaitSeconds settled_{};
};

}  // namespace spate::driver
