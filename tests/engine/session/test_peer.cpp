#include "tests/engine/session/test_peer.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"

namespace spate::session {
namespace {

BlockRef block_ref(const SentMessage& message) {
    return {PieceIndex(load_be<std::uint32_t>(message.body.data())),
            load_be<std::uint32_t>(message.body.data() + 4),
            load_be<std::uint32_t>(message.body.data() + 8)};
}

}  // namespace

void TestPeer::take_control(Bytes bytes) {
    if (!handshake && !bytes.empty()) {
        handshake = *wire::parse_handshake(bytes.first(wire::handshake_size_bytes));
        bytes = bytes.subspan(wire::handshake_size_bytes);
    }
    ByteReader reader(bytes);
    while (const auto length = reader.read<std::uint32_t>()) {
        if (*length == 0) {
            ++keep_alives;
            continue;
        }
        const auto id_number = reader.read<std::uint8_t>();
        const auto body = reader.read_bytes(*length - 1);
        SPATE_ASSERT(id_number && body);
        messages.push_back(
            {static_cast<wire::MessageId>(*id_number), ByteVector(body->begin(), body->end())});
        const SentMessage& sent = messages.back();
        if (sent.id == wire::MessageId::request) requests.push_back(block_ref(sent));
        if (sent.id == wire::MessageId::cancel) std::erase(requests, block_ref(sent));
    }
    SPATE_ASSERT(reader.empty());
}

std::size_t TestPeer::count(wire::MessageId message) const {
    return static_cast<std::size_t>(std::ranges::count(messages, message, &SentMessage::id));
}

std::vector<BlockRef> TestPeer::block_refs(wire::MessageId message) const {
    std::vector<BlockRef> all;
    for (const SentMessage& sent : messages)
        if (sent.id == message) all.push_back(block_ref(sent));
    return all;
}

std::vector<PieceIndex> TestPeer::haves() const {
    std::vector<PieceIndex> all;
    for (const SentMessage& sent : messages)
        if (sent.id == wire::MessageId::have)
            all.emplace_back(load_be<std::uint32_t>(sent.body.data()));
    return all;
}

std::vector<ByteVector> TestPeer::extended(std::uint8_t extension) const {
    std::vector<ByteVector> all;
    for (const SentMessage& sent : messages)
        if (sent.id == wire::MessageId::extended && sent.body[0] == std::byte{extension})
            all.emplace_back(sent.body.begin() + 1, sent.body.end());
    return all;
}

PeerId peer_id(std::uint8_t number) {
    PeerId id;
    id.bytes.fill(std::byte{number});
    return id;
}

ByteVector handshake(const wire::Handshake& handshake) {
    const auto bytes = wire::encode(handshake);
    return {bytes.begin(), bytes.end()};
}

ByteVector message(wire::MessageId id) {
    ByteVector out;
    wire::append_message(out, id);
    return out;
}

ByteVector have(std::uint32_t piece) {
    ByteVector out;
    wire::append_have(out, PieceIndex(piece));
    return out;
}

ByteVector bitfield(const Bitfield& bits) {
    ByteVector out;
    wire::append_bitfield(out, bits);
    return out;
}

ByteVector raw_bitfield(Bytes bits) {
    ByteVector out;
    ByteWriter(out)
        .write(static_cast<std::uint32_t>(bits.size() + 1))
        .write(static_cast<std::uint8_t>(wire::MessageId::bitfield))
        .write_bytes(bits);
    return out;
}

ByteVector request(BlockRef block) {
    ByteVector out;
    wire::append_request(out, block);
    return out;
}

ByteVector cancel(BlockRef block) {
    ByteVector out;
    wire::append_cancel(out, block);
    return out;
}

ByteVector reject(BlockRef block) {
    ByteVector out;
    wire::append_reject(out, block);
    return out;
}

ByteVector piece(BlockRef block, std::byte fill) {
    const auto header = wire::piece_header(block);
    ByteVector out(header.begin(), header.end());
    out.resize(out.size() + block.length, fill);
    return out;
}

ByteVector extended(std::uint8_t id, Bytes body) {
    ByteVector out;
    wire::append_extended(out, id, body);
    return out;
}

ByteVector operator+(ByteVector left, const ByteVector& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

}  // namespace spate::session
