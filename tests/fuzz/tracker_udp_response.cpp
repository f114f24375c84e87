// Datagrams of a hostile tracker: the input is cut into answers, each led by its length, that carry
// the right transaction id.
#include <algorithm>
#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/tracker/udp_client.hpp"

using namespace spate;
using namespace spate::tracker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ByteReader reader(std::as_bytes(std::span(data, size)));
    const auto kind = reader.read<std::uint8_t>();
    if (!kind) return 0;
    TrackerRequest question = AnnounceRequest{};
    if ((*kind & 1) != 0) question = ScrapeRequest{std::vector<InfoHash>(1 + *kind % 8)};
    const auto family = (*kind & 2) != 0 ? IpAddress::Family::v6 : IpAddress::Family::v4;
    UdpTrackerRequest request(question, {.family = family, .request_string = "/announce"}, Prng(1));

    Time now{1h};
    while (const auto asked = request.poll_output(now)) {
        const auto length = reader.read<std::uint8_t>();
        if (!length) break;
        const Bytes rest = reader.rest();
        const Bytes taken = *reader.read_bytes(std::min<std::size_t>(*length, rest.size()));
        std::vector<std::byte> answer(taken.begin(), taken.end());
        if (answer.size() >= 8) std::copy_n(asked->begin() + 12, 4, answer.begin() + 4);
        request.handle_datagram(answer, now);
        if (const auto next = request.next_timeout()) now = std::max(now, *next);
    }
    const auto& result = request.result();
    if (result && *result)
        if (const auto* response = std::get_if<AnnounceResponse>(&**result))
            SPATE_ASSERT(response->peers.size() <= response_peers_max);
    return 0;
}
