#pragma once
// engine/session/home.hpp: what only a torrent's home core does with its peers: lists, choking.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "engine/base/fifo.hpp"
#include "engine/base/prng.hpp"
#include "engine/session/core_message.hpp"
#include "engine/swarm/choker.hpp"
#include "engine/swarm/peer_list.hpp"
#include "engine/swarm/uplink.hpp"

namespace spate::session {

/// The torrent's peers as the home core sees them, wherever their connections live. Decides; the
/// session carries the decisions to the cores. What happens to one peer costs the logarithm of
/// their number. One thread.
class Home {
public:
    struct Options {
        std::uint32_t upload_slots = swarm::Choker::slots_default;
        swarm::LeechStrategy leech_strategy = swarm::LeechStrategy::tit_for_tat;
        swarm::SeedStrategy seed_strategy = swarm::SeedStrategy::round_robin;
        std::uint64_t uplink_bytes_per_s = 0;  // 0: found out
        std::uint32_t peers_max = 200;
        std::uint32_t calls_max = 128;  // calls in flight
        /// Of them such as were made within the last second. Where the others are dead, so many
        /// are called each second and not one more in place of each that ends.
        std::uint32_t fresh_calls_max = 32;
    };
    struct Call {
        Endpoint remote;
        Duration patience{};
    };
    struct ChokeChange {
        swarm::PeerKey peer;
        bool choke = true;
        std::uint64_t rate_max_bytes_per_s = 0;  // 0: as fast as it takes it
    };

    /// `hash_seed`: of the table of addresses.
    Home(Options options, std::uint64_t hash_seed, Time first_choke_round);

    /// Who must be dropped, if anybody: the newcomer, or an older connection to the same peer.
    struct JoinVerdict {
        std::optional<swarm::PeerKey> drop;
        DropReason reason{};
    };
    /// When there are enough, a newcomer takes the place of an idle peer of lower priority.
    JoinVerdict on_joined(const PeerJoined& joined, const PeerId& our_id, Time now);
    /// Its slot, if it had one, goes to another peer at once.
    void on_left(const PeerLeft& left, Prng& random, Time now, std::vector<ChokeChange>& changes);
    /// Believed once peers of two addresses say the same.
    void on_own_address(const OwnAddressSeen& seen);
    void on_convicted(const PeerConvicted& convicted);
    void on_call_failed(const CallFailed& failed, Prng& random, Time now);
    void on_rates(const PeerRates& rates);
    /// Nobody waits for the next round while a slot is free.
    void on_interest(const PeerInterest& interest, Time now, std::vector<ChokeChange>& changes);

    /// A choke round when it is due.
    void rechoke_if_due(bool seeding, Prng& random, Time now, std::vector<ChokeChange>& changes);
    /// The next address to call, while more peers are wanted.
    std::optional<Call> next_call(Prng& random, Time now);
    std::optional<Time> next_timeout() const;

    std::size_t peer_count() const { return joined_.size(); }
    std::size_t unchoked_count() const { return unchoked_count_; }
    swarm::PeerList& peers() { return peers_; }
    const swarm::PeerList& peers() const { return peers_; }

private:
    /// Two connections of one address and peer id are the same peer's. The id alone is told to
    /// everybody and proves nothing; loopback is everybody's address, so there the port counts too.
    struct Identity {
        Endpoint from;  // port 0, unless it is loopback
        PeerId id;
        auto operator<=>(const Identity&) const = default;
    };
    struct Joined {
        swarm::ChokeCandidate candidate;
        Identity identity;
        bool outgoing = false;
        std::uint64_t rate_max_bytes_per_s = 0;
        std::uint32_t priority = 0;  // BEP 40; 0 while our own address is unknown
        bool leaving = false;        // was told to go
    };
    /// Whoever gives most, then who has waited longest, is the next to be unchoked.
    struct Waiting {
        std::uint64_t rate_bytes_per_s = 0;
        Time since{};
        swarm::PeerKey key;
        bool operator<(const Waiting& other) const {
            if (rate_bytes_per_s != other.rate_bytes_per_s)
                return rate_bytes_per_s > other.rate_bytes_per_s;
            return std::tie(since, key) < std::tie(other.since, other.key);
        }
    };

    /// Peers of this machine that sent false data and are remembered; the first make room.
    static constexpr std::size_t banned_here_max = 1'000;

    static Identity identity_of(const Endpoint& remote, const PeerId& id);
    bool is_banned(const Identity& identity) const;
    void ban(const Identity& identity);
    void forget(std::map<swarm::PeerKey, Joined>::iterator joined);
    bool wants_calls() const;
    void let_calls_age(Time now);
    void end_call(const Endpoint& remote);
    void observe_uplink();
    void rechoke(Prng& random, Time now, std::vector<ChokeChange>& changes);
    std::uint32_t slots() const;
    void choke(Joined& joined, Time now, std::vector<ChokeChange>& changes);
    void unchoke(Joined& joined, std::uint64_t rate_max_bytes_per_s, Time now,
                 std::vector<ChokeChange>& changes);
    std::optional<swarm::PeerKey> make_room(std::uint32_t priority);
    static bool is_idle(const Joined& joined);
    void enlist(const Joined& joined);
    void delist(const Joined& joined);
    /// Changes what the lists of waiting and unchoked peers go by.
    template <class Change>
    void change(Joined& joined, Change&& make) {
        delist(joined);
        make(joined.candidate);
        enlist(joined);
    }
    void fill_free_slots(Time now, std::vector<ChokeChange>& changes);

    Options options_;
    swarm::PeerList peers_;
    swarm::Choker choker_;
    swarm::Uplink uplink_;
    bool seeding_ = false;
    std::map<swarm::PeerKey, Joined> joined_;
    std::multimap<Identity, swarm::PeerKey> by_identity_;  // of joined_
    std::set<Waiting> waiting_;                            // interested and choked
    std::size_t unchoked_count_ = 0;
    /// Choked peers that give and take nothing, by priority: the first go when better ones come.
    std::set<std::pair<std::uint32_t, swarm::PeerKey>> idle_;
    std::optional<OwnAddressSeen> own_address_said_;
    std::set<Identity> banned_here_;  // on loopback
    std::uint32_t calls_ = 0;
    /// Those of calls_ that are younger than a second, or were when last looked at; in order.
    Fifo<std::pair<Time, Endpoint>> fresh_calls_;
    Time no_calls_before_{};  // there was no room for the last one
    Time next_choke_round_;
};

}  // namespace spate::session
