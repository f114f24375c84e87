#pragma once
// engine/wire/event.hpp: what a peer said, as values.
#include <cstdint>
#include <variant>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/payload_buffers.hpp"
#include "engine/wire/handshake.hpp"

namespace spate::wire {

// Spans point into the received bytes or into the PeerWire: they are valid until its next
// handle_bytes(), handle_planned() or plan_receive().

struct HandshakeReceived {
    Handshake handshake;
};
struct KeepAlive {};
struct Choke {};
struct Unchoke {};
struct Interested {};
struct NotInterested {};
struct Have {
    PieceIndex piece;
};
/// As it came; Bitfield::assign() judges the spare bits.
struct BitfieldMessage {
    Bytes bits;
};
struct HaveAll {};
struct HaveNone {};
struct Request {
    BlockRef block;
};
struct Cancel {
    BlockRef block;
};
struct Reject {
    BlockRef block;
};
struct SuggestPiece {
    PieceIndex piece;
};
struct AllowedFast {
    PieceIndex piece;
};
struct DhtPort {
    std::uint16_t port = 0;
};
/// The payload is complete in its slot; the block is no longer expected.
struct BlockReceived {
    BlockRef block;
    BlockSlot slot;
};
/// A block that nobody waits for (late, forgotten or never asked): its payload was thrown away.
struct BlockDiscarded {
    BlockRef block;
};
/// BEP 10. Id 0 is the extension handshake, undecoded.
struct Extended {
    std::uint8_t id = 0;
    Bytes body;
};
/// BEP 52. The range is as the peer said: nothing of it is checked.
struct HashRequest {
    HashRef range;
};
struct Hashes {
    HashRef range;
    Bytes hashes;  // a whole number of them
};
struct HashReject {
    HashRef range;
};

using Event = std::variant<HandshakeReceived, KeepAlive, Choke, Unchoke, Interested, NotInterested,
                           Have, BitfieldMessage, HaveAll, HaveNone, Request, Cancel, Reject,
                           SuggestPiece, AllowedFast, DhtPort, BlockReceived, BlockDiscarded,
                           Extended, HashRequest, Hashes, HashReject>;

}  // namespace spate::wire
