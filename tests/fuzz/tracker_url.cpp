// A URL that is taken has a host and a port, and nothing that a request line can't carry. A
// stranger's reaches an inner network only as a plain announce URL.
#include "engine/tracker/tracker_url.hpp"

#include <algorithm>
#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/metainfo/text.hpp"
#include "engine/tracker/reach.hpp"

using namespace spate;
using namespace spate::tracker;

namespace {

void check_reach(const TrackerUrl& url) {
    SPATE_ASSERT(may_ask(Origin::torrent, url, *IpAddress::parse("9.9.9.9")));
    const std::string_view path = url.path_and_query;
    for (const char* address : {"127.0.0.1", "::1", "10.0.0.1", "fd00::1", "100.64.0.1"}) {
        const IpAddress inner = *IpAddress::parse(address);
        SPATE_ASSERT(may_ask(Origin::user, url, inner));
        if (url.scheme == TrackerUrl::Scheme::udp || !may_ask(Origin::torrent, url, inner))
            continue;
        SPATE_ASSERT(path.find_first_of("?%;\\") == std::string_view::npos);
        const std::string_view last = path.substr(path.rfind('/') + 1);
        SPATE_ASSERT(metainfo::starts_with_in_any_case(last, "announce") ||
                     metainfo::starts_with_in_any_case(last, "scrape"));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto url = TrackerUrl::parse(text)) {
        SPATE_ASSERT(!url->host.empty() && url->port != 0);
        SPATE_ASSERT(url->host.find_first_of("/?#@") == std::string::npos);
        SPATE_ASSERT(!metainfo::has_control_byte(url->path_and_query));
        SPATE_ASSERT(url->path_and_query.find_first_of(" #") == std::string::npos);
        SPATE_ASSERT(url->path_and_query.empty() || url->path_and_query[0] == '/' ||
                     url->path_and_query[0] == '?');
        check_reach(*url);
    }
    std::string encoded;
    append_percent_encoded(encoded, as_bytes(text));
    SPATE_ASSERT(percent_decode(encoded) == text);
    if (const auto decoded = percent_decode(text)) SPATE_ASSERT(decoded->size() <= text.size());
    return 0;
}
