// The first bytes of a connection, in two parts: whoever isn't BitTorrent is found out at once, and
// what is taken for a handshake is said again in the same words.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/base/assert.hpp"
#include "engine/wire/handshake.hpp"
#include "engine/wire/limits.hpp"
#include "engine/wire/peer_id.hpp"
#include "engine/wire/peer_wire.hpp"
#include "engine/wire/printable.hpp"

using namespace spate;
using namespace spate::wire;

namespace {

void check_parsed(Bytes first) {
    const auto parsed = parse_handshake(first);
    SPATE_ASSERT(parsed.has_value() == can_begin_handshake(first));
    if (!parsed) return;
    SPATE_ASSERT(*parse_handshake(encode(*parsed)) == *parsed);
    const std::string name = client_name(parsed->peer_id);
    SPATE_ASSERT(!name.empty() && printable(name, name.size()) == name);
}

/// Nothing is heard of a stream that doesn't begin with a handshake.
void check_stream(Bytes input, std::size_t cut) {
    static std::vector<std::byte> discard(block_length_max);  // junk, and slow to allocate
    PayloadBuffers buffers;
    buffers.bind(BufferId{0}, discard);
    PeerWire wire;
    std::size_t heard = 0;
    for (const Bytes part : {input.first(cut), input.subspan(cut)}) {
        std::vector<Event> events;
        const bool intact = wire.handle_bytes(part, buffers, events).has_value();
        if (heard == 0 && !events.empty())
            SPATE_ASSERT(std::holds_alternative<HandshakeReceived>(events.front()));
        heard += events.size();
        if (!intact) return;
    }
    SPATE_ASSERT((heard > 0) == (input.size() >= handshake_size_bytes));
    SPATE_ASSERT(can_begin_handshake(input.first(std::min(input.size(), handshake_size_bytes))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes input = std::as_bytes(std::span(data, size)).subspan(1);
    if (input.size() >= handshake_size_bytes) check_parsed(input.first(handshake_size_bytes));
    // What comes after has a target of its own.
    if (input.size() > 4'096) return 0;
    check_stream(input, std::min<std::size_t>(data[0], input.size()));
    return 0;
}
