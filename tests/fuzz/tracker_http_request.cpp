// Bytes of a hostile HTTP client, in two parts, answered by a real tracker.
#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/tracker/http_server_codec.hpp"

using namespace spate;
using namespace spate::tracker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input = std::as_bytes(std::span(data, size));
    TrackerServer server({.limits = {.torrents_max = 8, .peers_max = 64}}, {1, 2}, Prng(1));
    const IpAddress source = *IpAddress::parse("127.0.0.1");
    HttpRequestParser parser;
    for (const Bytes part : {input.first(size / 2), input.subspan(size / 2)}) {
        if (!parser.handle_bytes(part)) return 0;
        while (const auto request = parser.poll_request())
            SPATE_ASSERT(answer_http(server, *request, source, Time{1h}).starts_with("HTTP/1.1 "));
        SPATE_ASSERT(parser.buffered_bytes() <= http_request_buffer_max);
    }
    return 0;
}
