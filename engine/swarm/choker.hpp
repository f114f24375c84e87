#pragma once
// engine/swarm/choker.hpp: whom to serve.
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "engine/swarm/choke_candidate.hpp"
#include "engine/swarm/rankings.hpp"
#include "engine/swarm/tyrant.hpp"

namespace spate::swarm {

enum class LeechStrategy : std::uint8_t { tit_for_tat, tyrant };
enum class SeedStrategy : std::uint8_t { fastest, round_robin, anti_leech };

/// Gives out the upload slots of a torrent, every ten seconds. A ranking strategy fills the regular
/// slots with its best; one more (optimistic) slot goes to another peer at random for 30 s,
/// newcomers three times as likely. The tyrant ranks and spends by itself. What is remembered from
/// round to round is whose the optimistic slot is, and the tyrant's estimates; so the same rounds
/// and random numbers give the same slots. One thread.
class Choker {
public:
    static constexpr Duration round = 10s;
    static constexpr Duration optimistic_round = 30s;
    static constexpr Duration newcomer_age_max = 60s;
    static constexpr std::uint32_t slots_default = 4;
    /// As many as the uplink is good for (uplink.hpp).
    static constexpr std::uint32_t slots_auto = ~std::uint32_t{0} - 1;
    static constexpr std::uint32_t slots_unlimited = ~std::uint32_t{0};

    explicit Choker(LeechStrategy leech = LeechStrategy::tit_for_tat,
                    SeedStrategy seed = SeedStrategy::round_robin);

    /// The peers to unchoke now; everybody else is choked. At most slots + 1.
    std::vector<Unchoke> choose(const ChokeRound& known, bool seeding);
    /// How fast a peer may be served that gets a slot between two rounds; 0: as fast as it takes
    /// it.
    std::uint64_t rate_max_bytes_per_s(const PeerKey& peer, bool seeding) const;
    bool spends_by_itself(bool seeding) const {
        return !seeding && std::holds_alternative<Tyrant>(leech_);
    }

private:
    using Leech = std::variant<TitForTat, Tyrant>;
    using Seed = std::variant<FastestUpload, RoundRobin, AntiLeech>;

    void rank(Ranked& peers, bool seeding, Time now) const;
    std::optional<PeerKey> choose_optimistic(std::span<const ChokeCandidate* const> others,
                                             Prng& random, Time now);

    Leech leech_;
    Seed seed_;
    std::optional<PeerKey> optimistic_;
    Time optimistic_until_{};
};

}  // namespace spate::swarm
