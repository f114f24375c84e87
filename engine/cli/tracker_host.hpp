#pragma once
// engine/cli/tracker_host.hpp: the embedded tracker, set up for `seed` and `tracker`.
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/cli/context.hpp"
#include "engine/driver/tracker/tracker_service.hpp"

namespace spate::cli {

inline constexpr std::uint16_t tracker_port_default = 6969;

/// Closed to others, it tracks only the torrents that it is told to allow(). The error is a
/// sentence.
std::expected<std::unique_ptr<driver::TrackerService>, std::string> start_tracker(
    const std::vector<Endpoint>& listen, const Context& context, bool closed_to_others);

/// "http://192.0.2.1:6969/announce". An unspecified address becomes the machine's reachable one.
std::string announce_url(const std::string& scheme, const Endpoint& endpoint);

}  // namespace spate::cli
