#pragma once
// engine/swarm/choker.hpp: whom to serve.
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"
#include "engine/base/time.hpp"

namespace spate::swarm {

/// A connection of this process, wherever its core is.
struct PeerKey {
    CoreIndex core;
    ConnectionId connection;
    auto operator<=>(const PeerKey&) const = default;
};

/// What the choker knows of a peer.
struct ChokeCandidate {
    PeerKey key;
    bool interested = false;
    bool snubbed = false;                // sent nothing for a minute though we asked
    std::uint64_t rate_bytes_per_s = 0;  // what it gives us, over 20 seconds
    Time joined_at{};
    bool unchoked = false;
    Time choke_changed_at{};  // when `unchoked` last changed
};

/// BEP 3's tit-for-tat. Every 10 s: the peers that give most, as many as there are slots; one more
/// (optimistic) slot goes to another peer at random for 30 s, newcomers three times as likely. A
/// seed has nothing to gain, so it serves in turns of 30 s. Pure: state is only whose the
/// optimistic slot is.
class Choker {
public:
    static constexpr Duration round = 10s;
    static constexpr Duration optimistic_round = 30s;
    static constexpr Duration seed_turn = 30s;
    static constexpr Duration newcomer_age_max = 60s;
    static constexpr std::uint32_t slots_default = 4;
    static constexpr std::uint32_t slots_unlimited = ~std::uint32_t{0};

    /// The peers to unchoke now; everybody else is choked. At most slots + 1.
    std::vector<PeerKey> choose(std::span<const ChokeCandidate> peers, std::uint32_t slots,
                                bool seeding, Prng& random, Time now);

private:
    std::optional<PeerKey> choose_optimistic(std::span<const ChokeCandidate* const> others,
                                             Prng& random, Time now);

    std::optional<PeerKey> optimistic_;
    Time optimistic_until_{};
};

}  // namespace spate::swarm
