#pragma once
// engine/session/rate_waiters.hpp: connections that a rate limit holds up.
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"
#include "engine/base/token_bucket.hpp"

namespace spate::session {

/// The limit that has no tokens now. Null: neither. `of_torrent` is null before a handshake says
/// which torrent it is.
inline const TokenBucket* used_up(const TokenBucket& of_process, const TokenBucket* of_torrent,
                                  Time now) {
    if (of_torrent != nullptr && !of_torrent->available(now)) return of_torrent;
    return of_process.available(now) ? nullptr : &of_process;
}

/// Connections that wait for tokens, by the limit that they wait for: one of thousands of
/// torrents', or the process's. Limits outlive this.
class RateWaiters {
public:
    /// `limit` has no tokens now; the connection, which had some at `last_served`, waits for no
    /// other limit.
    void add(const TokenBucket& limit, ConnectionId id, Time last_served);

    /// When a limit that somebody waits for has tokens, if nobody takes more.
    std::optional<Time> next_timeout() const;
    /// All that wait for a limit that has tokens again; they wait no more. Who was served longest
    /// ago is first, as there may be tokens for one only.
    std::vector<ConnectionId> take_ready(Time now);

private:
    struct Due {
        Time at;
        std::uint64_t number;  // orders what is due at the same time, alike in each run
        const TokenBucket* limit;
        auto operator<=>(const Due&) const = default;
    };

    using Waiter = std::pair<Time, ConnectionId>;  // last served

    std::unordered_map<const TokenBucket*, std::vector<Waiter>> waiting_;
    /// The earliest on top; each limit of waiting_ once.
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
    std::uint64_t next_number_ = 0;
};

}  // namespace spate::session
