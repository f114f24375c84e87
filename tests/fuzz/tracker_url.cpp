// A URL that is taken has a host and a port, and nothing that a request line can't carry.
#include "engine/tracker/tracker_url.hpp"

#include <algorithm>
#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/metainfo/text.hpp"

using namespace spate;
using namespace spate::tracker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto url = TrackerUrl::parse(text)) {
        SPATE_ASSERT(!url->host.empty() && url->port != 0);
        SPATE_ASSERT(url->host.find_first_of("/?#@") == std::string::npos);
        SPATE_ASSERT(!metainfo::has_control_byte(url->path_and_query));
        SPATE_ASSERT(url->path_and_query.find_first_of(" #") == std::string::npos);
        SPATE_ASSERT(url->path_and_query.empty() || url->path_and_query[0] == '/' ||
                     url->path_and_query[0] == '?');
    }
    std::string encoded;
    append_percent_encoded(encoded, as_bytes(text));
    SPATE_ASSERT(percent_decode(encoded) == text);
    if (const auto decoded = percent_decode(text)) SPATE_ASSERT(decoded->size() <= text.size());
    return 0;
}
