// Whatever a tracker sends, an accepted response stays within its limits.
#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/tracker/http_client.hpp"

using namespace spate;
using namespace spate::tracker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes body = std::as_bytes(std::span(data, size));
    if (const auto announce = parse_announce_response(body)) {
        SPATE_ASSERT(announce->interval >= announce_interval_min);
        SPATE_ASSERT(announce->interval <= announce_interval_max);
        SPATE_ASSERT(announce->peers.size() <= response_peers_max);
        SPATE_ASSERT(announce->warning.size() <= tracker_text_size_max);
        for (const Endpoint& peer : announce->peers) SPATE_ASSERT(is_dialable(peer));
    }
    if (const auto scrape = parse_scrape_response(body))
        SPATE_ASSERT(scrape->torrents.size() <= scrape_torrents_max);
    return 0;
}
