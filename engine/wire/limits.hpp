#pragma once
// engine/wire/limits.hpp: the most that a peer may make us hold or believe.
#include <cstddef>
#include <cstdint>

namespace spate::wire {

/// Payload of one PIECE, REQUEST or CANCEL, in bytes. BEP 3 knows 16 KiB; 128 KiB is the largest
/// that any client ever asked for.
inline constexpr std::uint32_t block_length_max = 128 * 1024;

/// Bytes of a BITFIELD while the number of pieces is unknown (eight million pieces).
inline constexpr std::uint32_t bitfield_length_max = 1024 * 1024;

/// Bytes of an EXTENDED message's body (BEP 10), metadata and peer exchange included.
inline constexpr std::uint32_t extended_length_max = 1024 * 1024;

/// Hashes of one HASHES message (BEP 52): 8192 of a layer, as the leaves of a piece of 128 MiB, and
/// the uncles of the highest tree.
inline constexpr std::uint32_t hashes_count_max = 8192 + 50;

/// Bytes of a message whose id we don't know. It is skipped, never held.
inline constexpr std::uint32_t unknown_length_max = 64 * 1024;

/// The largest length prefix that can be right: an EXTENDED message with its two ids.
inline constexpr std::uint32_t message_length_max = extended_length_max + 2;

/// Requests sent to one peer and not yet answered.
inline constexpr std::size_t expected_blocks_max = 4096;

/// Bytes of an extension handshake's dictionary (BEP 10), its values and its nesting.
inline constexpr std::size_t extension_handshake_bytes_max = 64 * 1024;
inline constexpr std::size_t extension_handshake_tokens_max = 1024;
inline constexpr std::size_t extension_handshake_depth_max = 8;

/// Bytes of the client name that a peer gives itself ("v"); the rest is cut off.
inline constexpr std::size_t client_name_bytes_max = 64;

/// Bytes of an info dictionary fetched from peers (BEP 9); more is taken for a lie.
inline constexpr std::uint32_t metadata_bytes_max = 64 * 1024 * 1024;

/// Bytes of a metadata message's dictionary, without the piece that follows it.
inline constexpr std::size_t metadata_header_bytes_max = 1024;

/// A scratch that grew beyond this is given back at the next call.
inline constexpr std::size_t kept_capacity_bytes_max = 4096;

}  // namespace spate::wire
