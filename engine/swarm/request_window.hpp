#pragma once
// engine/swarm/request_window.hpp: the blocks asked of one peer, and how many to ask for.
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/fifo.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"

namespace spate::swarm {

/// Blocks asked of one peer and not yet received, oldest first, and the depth of that queue. The
/// depth doubles a round trip at first and then follows rate x delay, so a fast or far peer never
/// waits for requests and a slow one doesn't sit on many blocks. Time enters through `now`.
class RequestWindow {
public:
    struct Limits {
        std::uint32_t depth_min = 4;
        std::uint32_t depth_start = 16;
        std::uint32_t depth_max = 512;
        /// A peer that sends nothing for so long loses its blocks to others.
        Duration timeout = 20s;
    };

    RequestWindow() = default;
    explicit RequestWindow(Limits limits) : limits_(limits), depth_(limits.depth_start) {}

    /// The peer's own limit (`reqq`, BEP 10).
    void set_depth_max(std::uint32_t depth_max);

    std::size_t outstanding() const { return pending_.size(); }
    std::uint32_t depth() const { return depth_; }
    /// Blocks to ask for now: none until a good part of the window is free, so that requests travel
    /// in batches and the peer can answer with one send.
    std::uint32_t room() const;

    void on_request_sent(BlockRef block, Time now);
    /// A block arrived. False when nobody asked for it.
    [[nodiscard]] bool on_block(BlockRef block, std::uint64_t rate_bytes_per_s, Time now);
    /// From the request to the arrival of the block that came last.
    Duration last_delay() const { return last_delay_; }
    /// Cancelled or rejected. False when nobody asked for it.
    bool forget(BlockRef block);

    /// When the peer counts as silent.
    std::optional<Time> deadline() const;
    /// The blocks of a peer that choked us, went silent or left; the window is empty afterwards.
    std::vector<BlockRef> take_all();
    const auto& pending() const { return pending_; }
    /// Gives memory back if nothing is outstanding.
    void release() { pending_.release(); }

    struct Pending {
        BlockRef block;
        Time sent_at;
        bool sent_into_idle;  // nothing else was queued: its delay is the path's, not the queue's
    };

private:
    void adapt_depth(std::uint64_t rate_bytes_per_s);

    Limits limits_;
    std::uint32_t depth_ = Limits{}.depth_start;
    bool slow_start_ = true;
    Duration path_delay_ = 100ms;  // the least delay seen with an empty queue
    bool path_delay_measured_ = false;
    Duration last_delay_{};
    Time last_progress_{};
    Fifo<Pending> pending_;  // at most depth_max, and what was asked before depth shrank
};

}  // namespace spate::swarm
