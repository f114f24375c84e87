#pragma once
// engine/session/home.hpp: what only a torrent's home core does: peer list, choking, trackers.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "engine/base/prng.hpp"
#include "engine/session/core_message.hpp"
#include "engine/swarm/choker.hpp"
#include "engine/swarm/peer_list.hpp"
#include "engine/tracker/tracker_tiers.hpp"

namespace spate::session {

/// The torrent's peers as the home core sees them, wherever their connections live. Decides; the
/// session carries the decisions to the cores. One thread.
class Home {
public:
    struct Options {
        std::uint32_t upload_slots = swarm::Choker::slots_default;
        std::uint32_t peers_max = 200;
        std::uint32_t calls_max = 32;  // calls in flight
    };
    struct ChokeChange {
        swarm::PeerKey peer;
        bool choke = true;
    };

    /// `hash_seed`: of the table of addresses.
    Home(tracker::TrackerTiers tiers, Options options, std::uint64_t hash_seed, Time now);

    /// Who must be dropped, if anybody: the newcomer, or an older connection to the same peer.
    struct JoinVerdict {
        std::optional<swarm::PeerKey> drop;
        DropReason reason{};
    };
    JoinVerdict on_joined(const PeerJoined& joined, const PeerId& our_id, Time now);
    /// Its slot, if it had one, goes to another peer at once.
    void on_left(const PeerLeft& left, Prng& random, Time now, std::vector<ChokeChange>& changes);
    void on_call_failed(const CallFailed& failed, Prng& random, Time now);
    void on_rates(const PeerRates& rates);
    /// Nobody waits for the next round while a slot is free.
    void on_interest(const PeerInterest& interest, Time now, std::vector<ChokeChange>& changes);

    /// A choke round when it is due.
    void rechoke_if_due(bool seeding, Prng& random, Time now, std::vector<ChokeChange>& changes);
    /// The next address to call, while more peers are wanted.
    std::optional<Endpoint> next_call(Prng& random, Time now);
    std::optional<Time> next_timeout() const;

    std::size_t peer_count() const { return joined_.size(); }
    swarm::PeerList& peers() { return peers_; }
    const swarm::PeerList& peers() const { return peers_; }
    tracker::TrackerTiers& tiers() { return tiers_; }

private:
    struct Joined {
        swarm::ChokeCandidate candidate;
        PeerId peer_id;
        bool outgoing = false;
    };

    /// Peers that sent false data; who has an address of their own is banned by it too.
    static constexpr std::size_t banned_ids_max = 1'000;

    void ban(const Endpoint& remote, const PeerId& id);
    bool wants_calls() const;
    void rechoke(bool seeding, Prng& random, Time now, std::vector<ChokeChange>& changes);
    void set_choke(Joined& joined, bool choke, Time now, std::vector<ChokeChange>& changes);
    /// The regular slots and the optimistic one.
    std::uint64_t slots() const { return std::uint64_t{options_.upload_slots} + 1; }
    bool is_waiting(const Joined& joined) const {
        return joined.candidate.interested && !joined.candidate.unchoked;
    }
    void count(const Joined& joined, int change);
    void fill_free_slots(Time now, std::vector<ChokeChange>& changes);

    Options options_;
    swarm::PeerList peers_;
    swarm::Choker choker_;
    tracker::TrackerTiers tiers_;
    std::map<swarm::PeerKey, Joined> joined_;
    std::multimap<PeerId, swarm::PeerKey> by_peer_id_;
    std::size_t unchoked_ = 0;  // of joined_
    std::size_t waiting_ = 0;   // interested, and choked
    std::set<PeerId> banned_ids_;
    std::uint32_t calls_ = 0;
    Time next_choke_round_;
};

}  // namespace spate::session
