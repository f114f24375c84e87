// Datagrams of hostile clients to a real tracker: each is led by its length and by a byte that says
// whether it carries a connection id that is good, and from whom it comes. Nobody without one gets
// more than they sent.
#include <algorithm>
#include <array>
#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/tracker/udp_server.hpp"

using namespace spate;
using namespace spate::tracker;

namespace {

constexpr std::array<const char*, 4> clients{"127.0.0.1:1", "192.0.2.7:6881", "[::1]:2",
                                             "[2001:db8::7]:6881"};
constexpr std::array<std::uint8_t, 16> connect_request{0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80,
                                                       0, 0, 0, 0,    1,    2,    3,    4};

/// As `from` gets it by asking.
Bytes connection_id(UdpTrackerServer& server, const Endpoint& from, Time now,
                    std::vector<std::byte>& out) {
    const bool answered =
        server.handle_datagram(std::as_bytes(std::span(connect_request)), from, now, out);
    SPATE_ASSERT(answered && out.size() == connect_request.size());
    return Bytes(out).subspan(8, 8);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    TrackerServer tracker({.limits = {.torrents_max = 8, .peers_max = 64}}, {1, 2}, Prng(1));
    UdpTrackerServer server(tracker, {3, 4});
    ByteReader input(std::as_bytes(std::span(data, size)));
    std::vector<std::byte> out;
    Time now{1h};
    while (const auto kind = input.read<std::uint8_t>()) {
        const auto length = input.read<std::uint8_t>();
        if (!length) break;
        const Bytes taken =
            *input.read_bytes(std::min<std::size_t>(*length * 2U, input.rest().size()));
        std::vector<std::byte> datagram(taken.begin(), taken.end());
        const Endpoint from = *Endpoint::parse(clients[*kind % clients.size()]);
        const bool proven = (*kind & 4) != 0 && datagram.size() >= 8;
        if (proven) std::ranges::copy(connection_id(server, from, now, out), datagram.begin());
        const bool answered = server.handle_datagram(datagram, from, now, out);
        if (answered) {
            SPATE_ASSERT(out.size() >= 8 && out.size() <= udp_response_size_max);
            SPATE_ASSERT(proven || out.size() <= datagram.size());
        }
        now += std::chrono::seconds((*kind >> 3) * 20);
        tracker.handle_timeout(now);
        SPATE_ASSERT(tracker.statistics().torrents <= 8);
        SPATE_ASSERT(tracker.statistics().seeds + tracker.statistics().leechers <= 64);
    }
    return 0;
}
