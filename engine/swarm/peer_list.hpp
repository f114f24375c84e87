#pragma once
// engine/swarm/peer_list.hpp: the addresses a torrent knows, and whom to call when.
#include <cstdint>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/prng.hpp"
#include "engine/base/time.hpp"
#include "hashing/xxh3.hpp"

namespace spate::swarm {

/// Known peers of one torrent. A failed call is repeated after a delay that doubles; an address
/// that sent false data isn't called again. Those that failed least are called first; among them
/// by canonical priority (BEP 40) once our own address is known, else at random. Privileged ports
/// that strangers named come last: few peers are there, and many who would be annoyed. Bounded:
/// when full, the worst idle address makes room. One thread.
class PeerList {
public:
    static constexpr std::size_t known_max = 4'000;
    /// Of those that are never called again; the first make room.
    static constexpr std::size_t banned_max = 10'000;
    static constexpr std::size_t uncalled_max = 1'000;
    static constexpr Duration backoff_min = 5s;
    static constexpr Duration backoff_max = 30min;
    static constexpr unsigned failures_max = 20;
    static constexpr std::uint16_t privileged_ports_end = 1024;
    /// Most of what doesn't answer within three SYNs (at 0, 1 and 3 s) never will, and others wait.
    static constexpr Duration patience_first = 7s;
    static constexpr Duration patience_later = 20s;

    /// Strangers name the addresses; with the seed they can't aim at one bucket of the table.
    explicit PeerList(std::uint64_t hash_seed) : known_(0, hashing::SeededHash(hash_seed)) {}

    /// `named_by_user`: `--peer`; called again soon and never forgotten.
    void add(const Endpoint& endpoint, bool named_by_user = false);
    /// What peers see us as.
    void set_own(const Endpoint& own) { own_ = own; }
    const std::optional<Endpoint>& own() const { return own_; }

    /// Never call or accept this address again; with IPv6 its /64, which is one host's.
    void ban(const IpAddress& address);
    bool banned(const IpAddress& address) const;
    /// It is ourselves, or one of this machine's that isn't to be called again.
    void never_call(const Endpoint& endpoint);

    /// The next address to call; it counts as busy until on_failed() or on_disconnected().
    std::optional<Endpoint> next_to_call(Prng& random, Time now);
    /// How long that call may take: those that were never tried before come sooner to their turn.
    Duration patience_with(const Endpoint& endpoint) const;
    /// It wasn't called after all, for no fault of its own.
    void on_not_called(const Endpoint& endpoint, Prng& random, Time now);
    /// It is connected, whoever called.
    void on_connected(const Endpoint& endpoint);
    void on_failed(const Endpoint& endpoint, Prng& random, Time now);
    /// `useful`: data came or went; then it is called again soon. Else it counts as failed: a peer
    /// that takes every call and hangs up at once isn't called at a constant rate.
    void on_disconnected(const Endpoint& endpoint, bool useful, Prng& random, Time now);
    /// Not worth a call (a seed while we seed).
    void forget(const Endpoint& endpoint);

    std::size_t size() const { return known_.size(); }
    std::vector<Endpoint> addresses() const;
    /// When next_to_call() may have something; empty when no idle address is left.
    std::optional<Time> next_timeout() const;

private:
    struct Known {
        Time call_at{};
        unsigned failures = 0;
        bool busy = false;
        bool named_by_user = false;
        std::uint32_t ticket = 0;  // among those that may be called, once drawn
    };
    /// May be called: the lowest rank first, then the greatest ticket.
    struct Ready {
        unsigned rank = 0;
        std::uint32_t ticket = 0;
        Endpoint endpoint;
        bool operator<(const Ready& other) const {
            return std::tie(rank, other.ticket, endpoint) <
                   std::tie(other.rank, ticket, other.endpoint);
        }
    };
    using Entry = std::unordered_map<Endpoint, Known>::value_type;

    /// Failures, and more for what comes last.
    static unsigned rank_of(const Entry& entry);
    /// Takes it off both queues.
    void unqueue(const Entry& entry);
    void retry_later(Entry& entry, Prng& random, Time now);
    bool make_room();

    std::unordered_map<Endpoint, Known, hashing::SeededHash> known_;
    std::set<std::pair<Time, Endpoint>> waiting_;  // idle, by when they may be called
    std::set<Ready> ready_;                        // idle, their time has come
    std::set<IpAddress> banned_;                   // of IPv6 the first of each /64
    std::set<Endpoint> uncalled_;
    std::optional<Endpoint> own_;
};

}  // namespace spate::swarm
