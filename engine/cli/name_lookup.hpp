#pragma once
// engine/cli/name_lookup.hpp: peers that a person names by host, before anything runs.
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/cli/console.hpp"
#include "engine/cli/units.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::cli {

/// "ADDR:PORT", "[ADDR]:PORT" or "HOST:PORT".
Parsed<metainfo::HostPort> parse_peer(std::string_view text);

/// All addresses of all hosts. Names are asked of the system's resolver, which blocks; one that has
/// no address is warned of and left out.
std::vector<Endpoint> look_up(const std::vector<metainfo::HostPort>& hosts, Console& console);

}  // namespace spate::cli
