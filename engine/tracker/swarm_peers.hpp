#pragma once
// engine/tracker/swarm_peers.hpp: the peers of one torrent that a tracker knows.
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/prng.hpp"
#include "engine/base/siphash.hpp"

namespace spate::tracker {

/// Peers choose their ports and the low half of their addresses, so the table's hash is keyed.
struct KeyedEndpointHash {
    SipKey key;
    std::size_t operator()(const Endpoint& endpoint) const;
};

/// Peers of one torrent and one address family, seeds and leechers apart, each with the second it
/// last announced in. Every operation but expire() is O(1), picking n is O(n). One thread.
class SwarmPeers {
public:
    enum class Change : std::uint8_t { none, added, became_seed };

    explicit SwarmPeers(const SipKey& key) : index_(0, KeyedEndpointHash{key}) {}

    std::size_t seed_count() const { return groups_[seeds].size(); }
    std::size_t leecher_count() const { return groups_[leechers].size(); }
    std::size_t size() const { return index_.size(); }
    bool contains(const Endpoint& endpoint) const { return index_.contains(endpoint); }

    Change update(const Endpoint& endpoint, bool is_seed, std::uint32_t now_s);
    /// False when it wasn't there.
    bool remove(const Endpoint& endpoint);
    /// Removes those that announced last before `oldest_s`; gives their endpoints.
    std::vector<Endpoint> expire(std::uint32_t oldest_s);

    struct Wish {
        Endpoint asker;
        bool asker_is_seed = false;
        std::size_t count_max = 0;
        /// Peers that announced last before this are as good as gone.
        std::uint32_t oldest_s = 0;
    };
    /// Distinct random peers for the asker: not itself, no seeds for a seed, and nobody on a
    /// loopback address unless the asker is on one too.
    std::vector<Endpoint> pick(const Wish& wish, Prng& prng) const;

private:
    enum Group : std::uint8_t { seeds, leechers, group_count };
    struct Peer {
        Endpoint endpoint;
        std::uint32_t last_seen_s;
    };
    struct Slot {
        Group group;
        std::uint32_t at;
    };
    using Index = std::unordered_map<Endpoint, Slot, KeyedEndpointHash>;

    void insert(const Endpoint& endpoint, Group group, std::uint32_t now_s);
    void erase(Index::iterator entry);

    std::vector<Peer> groups_[group_count];
    Index index_;
};

}  // namespace spate::tracker
