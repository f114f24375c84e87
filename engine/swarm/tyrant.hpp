#pragma once
// engine/swarm/tyrant.hpp: the strategic client BitTyrant.
#include <cstdint>
#include <map>
#include <vector>

#include "engine/swarm/choke_candidate.hpp"

namespace spate::swarm {

/// BitTyrant (Piatek, Isdal, Anderson, Krishnamurthy, Venkataramani: "Do incentives build
/// robustness in BitTorrent?", NSDI 2007, figure 6). For each peer it estimates what it gives when
/// it reciprocates (d) and what it must be given for that (u). Each round it serves the peers of
/// the greatest d/u, at exactly u, as long as the uplink has so much left. Who doesn't reciprocate
/// is given 20 % more next time; who has done so for three rounds, 10 % less. The paper starts
/// every u at one value, which most peers of 2007 were content with. Here it starts at twice what
/// the peer itself is thought to give, as long as an ordinary peer of our uplink would give so
/// much: the best of an ordinary peer give about what it does, and who has found its best is hard
/// to win. It sinks while the peer goes on. Deterministic but for ties. One thread.
class Tyrant {
public:
    static constexpr double raise = 1.2;
    static constexpr double lower = 0.9;
    static constexpr std::uint32_t reciprocated_rounds = 3;
    /// Of what a peer is thought to give, the u to start with; and the least one, the paper's.
    static constexpr double first_offer_share = 2;
    static constexpr double cost_start_bytes_per_s = 15'000;
    static constexpr double cost_min_bytes_per_s = 1'000;
    /// The d of a peer that is known to have nothing yet, which costs the least to start with.
    static constexpr double gain_start_bytes_per_s = cost_start_bytes_per_s / first_offer_share;
    /// Spent while the uplink is unknown.
    static constexpr double uplink_start_bytes_per_s = 100'000;
    /// An ordinary peer serves its best four and one at random.
    static constexpr double ordinary_slots = 5;

    std::vector<Unchoke> choose(const ChokeRound& round);

    /// Estimates, for tests and for who looks.
    struct Estimate {
        double gain_bytes_per_s = gain_start_bytes_per_s;  // d
        double cost_bytes_per_s = cost_start_bytes_per_s;  // u
        std::uint32_t reciprocated = 0;                    // rounds in a row
        bool served = false;                               // in the last round
        bool tried = false;                                // served in any round
    };
    const std::map<PeerKey, Estimate>& estimates() const { return estimates_; }
    /// What it is to be given; the start value for one not seen yet.
    std::uint64_t cost_of(const PeerKey& key) const;

    /// What an ordinary peer of this capacity gives each of those that it serves.
    static constexpr double equal_split(double capacity_bytes_per_s) {
        return capacity_bytes_per_s / ordinary_slots;
    }

private:
    static double first_offer(const Estimate& estimate, double uplink_bytes_per_s);
    static void learn(Estimate& estimate, const ChokeCandidate& peer);
    void forget_leavers(const ChokeRound& round);

    std::map<PeerKey, Estimate> estimates_;
};

}  // namespace spate::swarm
