#include "engine/tracker/swarm_peers.hpp"

#include <algorithm>
#include <numeric>

namespace spate::tracker {
namespace {

/// A pick looks at this many peers more than it wants before it settles for fewer.
constexpr std::size_t pick_extra_looks_max = 64;

/// A step that visits all of `count` places before any twice.
std::size_t random_step(std::size_t count, Prng& prng) {
    constexpr int tries = 16;  // a random number is coprime to another with probability 0.6
    for (int i = 0; i < tries && count > 2; ++i) {
        const std::size_t step = 1 + prng.below(count - 1);
        if (std::gcd(step, count) == 1) return step;
    }
    return 1;
}

}  // namespace

std::size_t KeyedEndpointHash::operator()(const Endpoint& endpoint) const {
    std::array<std::byte, 18> raw{};
    std::ranges::copy(endpoint.address.bytes(), raw.begin());
    store_be(raw.data() + 16, endpoint.port);
    return siphash(key, raw);
}

SwarmPeers::Change SwarmPeers::update(const Endpoint& endpoint, bool is_seed, std::uint32_t now_s) {
    const Group group = is_seed ? seeds : leechers;
    const auto entry = index_.find(endpoint);
    if (entry == index_.end()) {
        insert(endpoint, group, now_s);
        return Change::added;
    }
    if (entry->second.group == group) {
        groups_[group][entry->second.at].last_seen_s = now_s;
        return Change::none;
    }
    erase(entry);
    insert(endpoint, group, now_s);
    return is_seed ? Change::became_seed : Change::none;
}

void SwarmPeers::insert(const Endpoint& endpoint, Group group, std::uint32_t now_s) {
    index_.emplace(endpoint, Slot{group, static_cast<std::uint32_t>(groups_[group].size())});
    groups_[group].push_back({endpoint, now_s});
}

void SwarmPeers::erase(Index::iterator entry) {
    auto& peers = groups_[entry->second.group];
    const std::uint32_t at = entry->second.at;
    index_.erase(entry);
    if (at + 1 != peers.size()) {
        peers[at] = peers.back();
        index_.find(peers[at].endpoint)->second.at = at;
    }
    peers.pop_back();
}

bool SwarmPeers::remove(const Endpoint& endpoint) {
    const auto entry = index_.find(endpoint);
    if (entry == index_.end()) return false;
    erase(entry);
    return true;
}

std::vector<Endpoint> SwarmPeers::expire(std::uint32_t oldest_s) {
    std::vector<Endpoint> gone;
    for (const auto& peers : groups_)
        for (const Peer& peer : peers)
            if (peer.last_seen_s < oldest_s) gone.push_back(peer.endpoint);
    for (const Endpoint& endpoint : gone) remove(endpoint);
    return gone;
}

std::vector<Endpoint> SwarmPeers::pick(const Wish& wish, Prng& prng) const {
    std::vector<Endpoint> picked;
    const std::size_t first = wish.asker_is_seed ? seed_count() : 0;
    const std::size_t count = size() - first;
    if (count == 0 || wish.count_max == 0) return picked;
    picked.reserve(std::min(count, wish.count_max));
    const std::size_t step = random_step(count, prng);
    std::size_t at = prng.below(count);
    const std::size_t looks = std::min(count, wish.count_max + pick_extra_looks_max);
    for (std::size_t i = 0; i < looks && picked.size() < wish.count_max; ++i) {
        const std::size_t place = first + at;
        const Peer& peer =
            place < seed_count() ? groups_[seeds][place] : groups_[leechers][place - seed_count()];
        at = (at + step) % count;
        const bool unreachable =
            peer.endpoint.address.is_loopback() && !wish.asker.address.is_loopback();
        if (peer.endpoint != wish.asker && peer.last_seen_s >= wish.oldest_s && !unreachable)
            picked.push_back(peer.endpoint);
    }
    return picked;
}

}  // namespace spate::tracker
