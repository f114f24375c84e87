#pragma once
// engine/wire/peer_id.hpp: who a peer says it is (BEP 20).
#include <string>
#include <string_view>

#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"

namespace spate::wire {

/// Azureus style: client "SP", version 0.1.0.0.
inline constexpr std::string_view own_peer_id_prefix = "-SP0100-";

/// Our prefix and 12 random letters and digits.
PeerId make_peer_id(Prng& prng);

/// "qBittorrent 4.5.2", for people: from the id's Azureus, Shadow, Mainline or aria2 style. An
/// unlisted Azureus code is shown as it is; "unknown" for ids of no known style.
std::string client_name(const PeerId& id);

}  // namespace spate::wire
