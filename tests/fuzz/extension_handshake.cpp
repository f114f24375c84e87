// Whatever a peer says about itself is within the limits, and survives being said again; the
// metadata messages of BEP 9 are read from the same bytes.
#include "engine/wire/extension_handshake.hpp"

#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/wire/limits.hpp"
#include "engine/wire/metadata_message.hpp"
#include "engine/wire/printable.hpp"

using namespace spate;
using namespace spate::wire;

namespace {

void read_handshake(Bytes body) {
    const auto handshake = parse_extension_handshake(body);
    if (!handshake) return;
    SPATE_ASSERT(handshake->client.size() <= client_name_bytes_max);
    SPATE_ASSERT(printable(handshake->client, client_name_bytes_max) == handshake->client);
    std::vector<std::byte> message;
    append_extension_handshake(message, *handshake);
    const auto again = parse_extension_handshake(Bytes(message).subspan(6));
    SPATE_ASSERT(again && *again == *handshake);
}

void read_metadata_message(Bytes body) {
    const auto message = parse_metadata_message(body);
    if (!message || message->kind != MetadataMessage::Kind::data) return;
    SPATE_ASSERT(message->total_size_bytes <= metadata_bytes_max);
    SPATE_ASSERT(!message->data.empty() && message->data.size() <= metadata_piece_size_bytes);
    SPATE_ASSERT(message->piece < metadata_piece_count(message->total_size_bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes body = std::as_bytes(std::span(data, size));
    read_handshake(body);
    read_metadata_message(body);
    return 0;
}
