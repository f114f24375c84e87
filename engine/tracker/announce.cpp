#include "engine/tracker/announce.hpp"

#include <algorithm>

#include "engine/metainfo/text.hpp"

namespace spate::tracker {

Duration clamp_interval(std::int64_t seconds) {
    constexpr std::int64_t most = announce_interval_max / 1s;
    return std::max(announce_interval_min,
                    Duration(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, most))));
}

std::string printable_text(std::string_view text) {
    std::string printable = metainfo::clean_text(text, tracker_text_size_max);
    std::ranges::replace_if(printable, [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return printable;
}

bool is_dialable(const Endpoint& endpoint) {
    return endpoint.port != 0 && !endpoint.address.is_unspecified() &&
           !endpoint.address.is_multicast();
}

}  // namespace spate::tracker
