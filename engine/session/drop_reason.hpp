#pragma once
// engine/session/drop_reason.hpp: why a connection ended, counted.
#include <array>
#include <cstddef>
#include <cstdint>

namespace spate::session {

enum class DropReason : std::uint8_t {
    remote_closed,  // end of stream or reset
    call_failed,    // nobody answered
    handshake_timeout,
    unknown_torrent,
    ourselves,
    duplicate_peer,
    banned,
    wire_error,    // broke the framing (wire::WireError)
    bad_bitfield,  // wrong size, spare bits, or not the first message
    bad_request,   // outside the piece, or of a piece we never offered
    request_flood,
    unrequested_data,  // much payload nobody asked for
    bad_extension,
    false_data,  // pieces that failed their hash
    both_complete,
    idle,
    too_many_peers,
    torrent_halted,
    owes_and_is_silent,
    pieces_lost,     // it believes that we have them, and can't be told otherwise
    no_descriptors,  // idle, and the process had none left
    count_,
};

inline constexpr std::array<const char*, static_cast<std::size_t>(DropReason::count_)>
    drop_reason_names{"remote_closed",
                      "call_failed",
                      "handshake_timeout",
                      "unknown_torrent",
                      "ourselves",
                      "duplicate_peer",
                      "banned",
                      "wire_error",
                      "bad_bitfield",
                      "bad_request",
                      "request_flood",
                      "unrequested_data",
                      "bad_extension",
                      "false_data",
                      "both_complete",
                      "idle",
                      "too_many_peers",
                      "torrent_halted",
                      "owes_and_is_silent",
                      "pieces_lost",
                      "no_descriptors"};

/// By reason, connections dropped so far.
using DropCounts = std::array<std::uint64_t, static_cast<std::size_t>(DropReason::count_)>;

}  // namespace spate::session
