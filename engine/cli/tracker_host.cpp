#include "engine/cli/tracker_host.hpp"

#include <fmt/format.h>

#include "engine/cli/machine.hpp"

namespace spate::cli {

std::expected<std::unique_ptr<driver::TrackerService>, std::string> start_tracker(
    const std::vector<Endpoint>& listen, const Context& context, bool closed_to_others) {
    const auto features = io::probe();
    if (!features) return std::unexpected(features.error().sentence());
    driver::TrackerService::Options options{.listen = listen,
                                            .table_key = {context.secret(), context.secret()},
                                            .connection_key = {context.secret(), context.secret()},
                                            .seed = context.secret(),
                                            .features = *features};
    options.server.only_allowed = closed_to_others;
    return driver::TrackerService::start(std::move(options));
}

std::string announce_url(const std::string& scheme, const Endpoint& endpoint) {
    Endpoint shown = endpoint;
    if (shown.address.is_unspecified()) shown.address = reachable_address();
    return fmt::format("{}://{}/announce", scheme, shown.to_string());
}

}  // namespace spate::cli
