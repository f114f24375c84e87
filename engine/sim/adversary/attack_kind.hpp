#pragma once
// engine/sim/adversary/attack_kind.hpp: what hostile peers may be up to.
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/time.hpp"

namespace spate::sim {

enum class AttackKind : std::uint8_t {
    babble,          // any message in any state, half messages, silence
    toggles,         // interest, have, bitfields and the like, there and back
    floods,          // requests, cancels, hash and metadata requests
    hoards,          // makes us hold: long messages that never end, answers that nobody reads
    hang_ups,        // a leecher that is gone between any two inputs
    false_pieces,    // claims everything, sends false blocks
    stalls,          // claims everything, sends little, or nothing, or rejects
    planted_blocks,  // blocks that nobody asked for, twice, of others
    false_metadata,  // parts of the info dictionary, asked for or not
    metadata_sizes,  // says other sizes, and keeps them alive
    false_hashes,    // of piece layers (BEP 52)
    own_addresses,   // what it tells us our address is
    stolen_ids,      // honest peers' ids
    silent_crowds,   // connections that say nothing, from few addresses
    idle_crowds,     // that shake hands, and want nothing
    trackers,        // junk peers, inner addresses, wrong counts and intervals, failures
    count_,
};
inline constexpr std::size_t attack_kind_count = static_cast<std::size_t>(AttackKind::count_);

/// How an attack of a kind is laid out.
struct AttackShape {
    std::string_view name;
    std::uint32_t addresses_max = 1;
    std::uint32_t connections_max = 1;  // of an address, with each honest peer
    bool calls = true;
    /// Takes calls, and tells the tracker that it is there.
    bool listens = false;
    /// After the end of a connection, until the next; up to four times as long.
    Duration pause{};
    bool magnets_only = false;
    bool v2_magnets_only = false;
};

const AttackShape& shape_of(AttackKind kind);
std::optional<AttackKind> attack_kind_of(std::string_view name);

}  // namespace spate::sim
