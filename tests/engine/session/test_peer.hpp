#pragma once
// tests/engine/session/test_peer.hpp: the other end of a session's connection, by hand.
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/wire/handshake.hpp"
#include "engine/wire/message.hpp"
#include "engine/wire/receive_plan.hpp"

namespace spate::session {

using ByteVector = std::vector<std::byte>;

/// One framed message, as the session sent it.
struct SentMessage {
    wire::MessageId id{};
    ByteVector body;  // without the id
};

/// Collects what the session says to this peer. It answers only what the test makes it answer.
class TestPeer {
public:
    TestPeer(ConnectionId connection, const Endpoint& endpoint)
        : id(connection), remote(endpoint) {}

    /// Whole messages, as take_send() hands them out.
    void take_control(Bytes bytes);

    std::size_t count(wire::MessageId message) const;
    /// Of REQUEST, CANCEL or REJECT.
    std::vector<BlockRef> block_refs(wire::MessageId message) const;
    /// Of HAVE.
    std::vector<PieceIndex> haves() const;
    /// Bodies of EXTENDED messages of this id.
    std::vector<ByteVector> extended(std::uint8_t extension) const;

    ConnectionId id;
    Endpoint remote;
    std::optional<wire::Handshake> handshake;
    std::vector<SentMessage> messages;
    unsigned keep_alives = 0;
    std::vector<BlockRef> blocks;                // that the session has sent
    std::vector<BlockRef> requests;              // of the session: neither answered nor cancelled
    bool closed = false;                         // the session has asked to end the connection
    std::unique_ptr<wire::ReceivePlan> receive;  // in flight
    unsigned cancelled_receives = 0;
    unsigned resumed_receives = 0;
};

// What a peer may say, encoded.
PeerId peer_id(std::uint8_t number);
ByteVector handshake(const wire::Handshake& handshake);
ByteVector message(wire::MessageId id);
ByteVector have(std::uint32_t piece);
ByteVector bitfield(const Bitfield& bits);
ByteVector raw_bitfield(Bytes bits);
ByteVector request(BlockRef block);
ByteVector cancel(BlockRef block);
ByteVector reject(BlockRef block);
/// Payload is all `fill`.
ByteVector piece(BlockRef block, std::byte fill = std::byte{0});
ByteVector extended(std::uint8_t id, Bytes body);
ByteVector operator+(ByteVector left, const ByteVector& right);

}  // namespace spate::session
