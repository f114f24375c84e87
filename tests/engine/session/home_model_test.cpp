// Home under any order of what cores tell it: calls, peers that come and go, liars, interest,
// rates.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"
#include "engine/session/home.hpp"
#include "tests/engine/random_rounds.hpp"
#include "tests/engine/session/test_peer.hpp"

namespace spate::session {
namespace {

constexpr TorrentId torrent{0};
constexpr std::uint32_t slots = 3;
constexpr std::uint32_t peers_max = 6;
constexpr std::uint32_t calls_max = 4;

class Model {
public:
    explicit Model(std::uint64_t seed)
        : random_(seed),
          home_({.upload_slots = slots, .peers_max = peers_max, .calls_max = calls_max}, seed,
                now_ + 10s) {}

    void run(int steps) {
        for (int i = 0; i < steps; ++i) {
            step();
            ASSERT_EQ(home_.peer_count(), peers_.size());
            ASSERT_LE(home_.unchoked_count(), swarm::Choker::unchoked_max(slots));
            ASSERT_EQ(home_.unchoked_count(), unchoked());
            ASSERT_LE(calls_.size(), calls_max);
        }
    }

private:
    struct Peer {
        Endpoint remote;
        PeerId id;
        bool unchoked = false;
        bool told_to_go = false;
    };

    /// Of few addresses, one of them this machine's.
    Endpoint any_address() {
        const auto number = static_cast<std::uint8_t>(random_.below(8));
        const std::byte address[]{std::byte{number == 0 ? std::uint8_t{127} : std::uint8_t{10}},
                                  std::byte{0}, std::byte{0}, std::byte{number}};
        return {IpAddress(address), static_cast<std::uint16_t>(6'881 + random_.below(3))};
    }
    /// Of none that listens.
    std::uint16_t any_caller_port() {
        return static_cast<std::uint16_t>(50'000 + random_.below(3));
    }
    PeerId any_id() { return peer_id(static_cast<std::uint8_t>(random_.below(4))); }
    std::size_t unchoked() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(peers_, [](const auto& entry) { return entry.second.unchoked; }));
    }
    std::map<swarm::PeerKey, Peer>::iterator any_peer() {
        return std::next(peers_.begin(), static_cast<std::ptrdiff_t>(random_.below(peers_.size())));
    }

    void join(const Endpoint& remote, bool outgoing) {
        const swarm::PeerKey key{CoreIndex(static_cast<std::uint16_t>(random_.below(2))),
                                 ConnectionId(next_++)};
        const PeerId id = any_id();
        const auto verdict =
            home_.on_joined({torrent, key, remote, id, outgoing}, peer_id(2), now_);
        peers_[key] = {remote, id};
        if (!verdict.drop) return;
        ASSERT_TRUE(peers_.contains(*verdict.drop));
        Peer& dropped = peers_[*verdict.drop];
        dropped.told_to_go = true;
        switch (verdict.reason) {
            case DropReason::banned:
                EXPECT_EQ(*verdict.drop, key);
                EXPECT_TRUE(liars_.contains(remote.address)) << "nobody of this address lied";
                break;
            case DropReason::duplicate_peer:
                EXPECT_EQ(dropped.remote.address, remote.address) << "a stranger took its place";
                EXPECT_EQ(dropped.id, id);
                break;
            default:
                EXPECT_EQ(verdict.reason, DropReason::too_many_peers);
                EXPECT_TRUE(*verdict.drop == key || !dropped.unchoked);
        }
    }

    void leave() {
        const auto peer = any_peer();
        const bool ban = random_.below(8) == 0;
        if (ban) liars_.insert(peer->second.remote.address);
        std::vector<Home::ChokeChange> changes;
        home_.on_left({torrent, peer->first, peer->second.remote, random_.below(2) == 0,
                       random_.below(4) == 0, ban},
                      random_, now_, changes);
        peers_.erase(peer);
        apply(changes);
    }

    void call() {
        const auto call = home_.next_call(random_, now_);
        if (!call) return;
        EXPECT_TRUE(call->remote.address.is_loopback() || !liars_.contains(call->remote.address))
            << "a liar is called";
        EXPECT_TRUE(calls_.insert(call->remote).second) << "it is being called already";
    }

    void end_call() {
        if (calls_.empty()) return;
        const Endpoint remote = *calls_.begin();
        calls_.erase(remote);
        if (random_.below(2) == 0) return join(remote, true);
        home_.on_call_failed({torrent, remote, random_.below(8) == 0, random_.below(4) != 0},
                             random_, now_);
    }

    void apply(const std::vector<Home::ChokeChange>& changes) {
        for (const Home::ChokeChange& change : changes) {
            ASSERT_TRUE(peers_.contains(change.peer)) << "of a peer that is gone";
            peers_[change.peer].unchoked = !change.choke;
        }
    }

    void step() {
        std::vector<Home::ChokeChange> changes;
        switch (random_.below(10)) {
            case 0:
            case 1:
                return join({any_address().address, any_caller_port()}, false);
            case 2:
                return peers_.empty() ? void() : leave();
            case 3:
                return call();
            case 4:
                return end_call();
            case 5:
                if (peers_.empty()) return;
                home_.on_interest({torrent, any_peer()->first, random_.below(2) == 0}, now_,
                                  changes);
                return apply(changes);
            case 6:
                if (peers_.empty()) return;
                return home_.on_rates(
                    {torrent,
                     {{.peer = any_peer()->first, .rate_bytes_per_s = random_.below(3) * 1'000}}});
            case 7:
                if (random_.below(8) != 0) return home_.peers().add(any_address());
                return home_.on_own_address({torrent, any_address(), any_address().address});
            case 8:
                if (random_.below(40) != 0) return;
                if (const Endpoint remote = any_address(); liars_.insert(remote.address).second)
                    home_.on_convicted({torrent, remote, any_id()});
                return;
            default:
                now_ += Duration(1ms) * static_cast<int>(random_.below(4'000));
                home_.rechoke_if_due(random_.below(2) == 0, random_, now_, changes);
                (void)home_.next_timeout();
                return apply(changes);
        }
    }

    Prng random_;
    Time now_{1'000s};
    Home home_;
    std::uint32_t next_ = 1;
    std::map<swarm::PeerKey, Peer> peers_;
    std::set<Endpoint> calls_;
    std::set<IpAddress> liars_;
};

TEST(HomeModel, AnyOrderOfNewsKeepsItsPromises) {
    for_each_seed(200, [](std::uint64_t seed) { Model(seed).run(400); });
}

}  // namespace
}  // namespace spate::session
