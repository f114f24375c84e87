#pragma once
// engine/wire/extension_handshake.hpp: the dictionary of EXTENDED message 0 (BEP 10).
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/endpoint.hpp"
#include "engine/wire/wire_error.hpp"

namespace spate::wire {

/// What one end supports and tells about itself. An extension's number is the id with which the
/// other end must send its messages; 0: not supported.
struct ExtensionHandshake {
    std::uint8_t ut_metadata = 0;                      // BEP 9
    std::uint8_t ut_pex = 0;                           // BEP 11
    std::uint8_t upload_only_message = 0;              // the message for a change of `upload_only`
    std::uint8_t lt_donthave = 0;                      // BEP 54
    std::string client;                                // "v": valid UTF-8, safe to print
    std::optional<std::uint16_t> listen_port;          // "p"
    std::optional<std::uint32_t> request_queue_max;    // "reqq": requests it keeps for us
    std::optional<IpAddress> your_ip;                  // our address, as the peer sees it
    std::optional<std::uint32_t> metadata_size_bytes;  // of the info dictionary, above 0
    bool upload_only = false;                          // BEP 21
    bool operator==(const ExtensionHandshake&) const = default;
};

/// The whole message.
void append_extension_handshake(std::vector<std::byte>& out, const ExtensionHandshake& handshake);

/// A peer's handshake: what it doesn't mention stays as `known`, since it may send another to
/// change its mind. A field of the wrong type or out of range counts as not mentioned; fails with
/// bad_extension_handshake when the body isn't a dictionary within the limits.
[[nodiscard]] std::expected<ExtensionHandshake, WireError> parse_extension_handshake(
    Bytes body, ExtensionHandshake known = {});

}  // namespace spate::wire
