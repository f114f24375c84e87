#pragma once
// engine/wire/metadata_message.hpp: ut_metadata, how a magnet link gets its info dictionary (BEP
// 9).
#include <cstdint>
#include <expected>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/wire/wire_error.hpp"

namespace spate::wire {

/// The info dictionary travels in pieces of this size, the last excepted.
inline constexpr std::uint32_t metadata_piece_size_bytes = 16 * 1024;

constexpr std::uint32_t metadata_piece_count(std::uint32_t total_size_bytes) {
    return (total_size_bytes + metadata_piece_size_bytes - 1) / metadata_piece_size_bytes;
}

/// A message of the extension, without its EXTENDED header.
struct MetadataMessage {
    /// `other`: a type of the future, to be ignored (BEP 9).
    enum class Kind : std::uint8_t { request, data, reject, other };

    Kind kind{};
    std::uint32_t piece = 0;             // below metadata_piece_count(metadata_bytes_max)
    std::uint32_t total_size_bytes = 0;  // of the dictionary; in `data` only
    Bytes data;                          // in `data` only: exactly the piece; points into the body
};

// Whole messages; `id` is the one that the peer's extension handshake gave to ut_metadata.
void append_metadata_request(std::vector<std::byte>& out, std::uint8_t id, std::uint32_t piece);
void append_metadata_reject(std::vector<std::byte>& out, std::uint8_t id, std::uint32_t piece);
/// `metadata` is the whole dictionary, of which `piece` is sent.
void append_metadata_data(std::vector<std::byte>& out, std::uint8_t id, std::uint32_t piece,
                          Bytes metadata);

/// Fails with bad_metadata_message.
[[nodiscard]] std::expected<MetadataMessage, WireError> parse_metadata_message(Bytes body);

}  // namespace spate::wire
