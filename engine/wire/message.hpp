#pragma once
// engine/wire/message.hpp: peer messages to bytes (BEP 3, 5, 6, 10, 52). Every function appends one
// whole message to `out`.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"

namespace spate::wire {

enum class MessageId : std::uint8_t {
    choke = 0,
    unchoke = 1,
    interested = 2,
    not_interested = 3,
    have = 4,
    bitfield = 5,
    request = 6,
    piece = 7,
    cancel = 8,
    port = 9,
    suggest_piece = 13,
    have_all = 14,
    have_none = 15,
    reject_request = 16,
    allowed_fast = 17,
    extended = 20,
    hash_request = 21,
    hashes = 22,
    hash_reject = 23,
};

/// Length prefix 4, id 1, piece index 4, offset 4.
inline constexpr std::size_t piece_header_size_bytes = 13;
using PieceHeader = std::array<std::byte, piece_header_size_bytes>;

/// Pieces root 32, base layer 4, index 4, length 4, proof layers 4: the body of HASH REQUEST and
/// HASH REJECT, and what precedes the hashes in HASHES.
inline constexpr std::size_t hash_ref_size_bytes = 48;

/// What precedes the payload of `block` in its PIECE message.
PieceHeader piece_header(BlockRef block);

void append_keep_alive(std::vector<std::byte>& out);
/// Messages without a body: CHOKE to NOT INTERESTED, HAVE ALL, HAVE NONE.
void append_message(std::vector<std::byte>& out, MessageId id);
void append_have(std::vector<std::byte>& out, PieceIndex piece);
void append_bitfield(std::vector<std::byte>& out, const Bitfield& bits);
void append_request(std::vector<std::byte>& out, BlockRef block);
void append_cancel(std::vector<std::byte>& out, BlockRef block);
void append_reject(std::vector<std::byte>& out, BlockRef block);
void append_suggest(std::vector<std::byte>& out, PieceIndex piece);
void append_allowed_fast(std::vector<std::byte>& out, PieceIndex piece);
void append_port(std::vector<std::byte>& out, std::uint16_t port);
/// `id` 0 is the extension handshake, others are the ids that the peer's handshake named.
void append_extended(std::vector<std::byte>& out, std::uint8_t id, Bytes body);
void append_hash_request(std::vector<std::byte>& out, const HashRef& range);
/// The range's hashes, then those that prove them.
void append_hashes(std::vector<std::byte>& out, const HashRef& range,
                   std::span<const Sha256Digest> hashes);
void append_hash_reject(std::vector<std::byte>& out, const HashRef& range);

}  // namespace spate::wire
