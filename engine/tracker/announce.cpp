#include "engine/tracker/announce.hpp"

#include <algorithm>

namespace spate::tracker {

Duration clamp_interval(std::int64_t seconds) {
    constexpr std::int64_t most = announce_interval_max / 1s;
    return std::max(announce_interval_min,
                    Duration(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, most))));
}

std::string printable_text(std::string_view text) {
    std::string printable(text.substr(0, tracker_text_size_max));
    for (char& c : printable)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return printable;
}

bool is_dialable(const Endpoint& endpoint) {
    return endpoint.port != 0 && !endpoint.address.is_unspecified() &&
           !endpoint.address.is_multicast();
}

}  // namespace spate::tracker
