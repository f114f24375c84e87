#pragma once
// tests/engine/wire/wire_script.hpp: what tests and the fuzz target of the wire share.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/hex.hpp"
#include "engine/base/payload_buffers.hpp"
#include "engine/wire/event.hpp"
#include "engine/wire/limits.hpp"
#include "engine/wire/message.hpp"
#include "engine/wire/receive_plan.hpp"

namespace spate::wire {

inline std::string describe(BlockRef block) {
    return std::to_string(block.piece.value) + ':' + std::to_string(block.offset) + '+' +
           std::to_string(block.length);
}

inline std::string describe(const HashRef& range) {
    return to_hex(range.pieces_root.bytes) + ' ' + std::to_string(range.base_layer) + ' ' +
           std::to_string(range.index) + '+' + std::to_string(range.length) + ' ' +
           std::to_string(range.proof_layers);
}

/// An event as text, to be compared and to be read in a failure.
struct EventText {
    std::string operator()(const HandshakeReceived& e) const {
        return "handshake " + to_hex(e.handshake.peer_id.bytes);
    }
    std::string operator()(KeepAlive) const { return "keep-alive"; }
    std::string operator()(Choke) const { return "choke"; }
    std::string operator()(Unchoke) const { return "unchoke"; }
    std::string operator()(Interested) const { return "interested"; }
    std::string operator()(NotInterested) const { return "not interested"; }
    std::string operator()(Have e) const { return "have " + std::to_string(e.piece.value); }
    std::string operator()(BitfieldMessage e) const { return "bitfield " + to_hex(e.bits); }
    std::string operator()(HaveAll) const { return "have all"; }
    std::string operator()(HaveNone) const { return "have none"; }
    std::string operator()(Request e) const { return "request " + describe(e.block); }
    std::string operator()(Cancel e) const { return "cancel " + describe(e.block); }
    std::string operator()(Reject e) const { return "reject " + describe(e.block); }
    std::string operator()(SuggestPiece e) const {
        return "suggest " + std::to_string(e.piece.value);
    }
    std::string operator()(AllowedFast e) const {
        return "allowed fast " + std::to_string(e.piece.value);
    }
    std::string operator()(DhtPort e) const { return "port " + std::to_string(e.port); }
    std::string operator()(BlockReceived e) const {
        return "received " + describe(e.block) + " in " + std::to_string(e.slot.buffer.value) +
               '@' + std::to_string(e.slot.at);
    }
    std::string operator()(BlockDiscarded e) const { return "discarded " + describe(e.block); }
    std::string operator()(const Extended& e) const {
        return "extended " + std::to_string(e.id) + ' ' + to_hex(e.body);
    }
    std::string operator()(const HashRequest& e) const {
        return "hash request " + describe(e.range);
    }
    std::string operator()(const Hashes& e) const {
        return "hashes " + describe(e.range) + ' ' + to_hex(e.hashes);
    }
    std::string operator()(const HashReject& e) const { return "hash reject " + describe(e.range); }
};

inline std::string describe(const Event& event) {
    return std::visit(EventText{}, event);
}

inline std::vector<std::string> describe(std::span<const Event> events) {
    std::vector<std::string> texts;
    for (const Event& event : events) texts.push_back(describe(event));
    return texts;
}

/// The payload that every test's peer sends for a block.
inline std::vector<std::byte> payload_of(BlockRef block) {
    std::vector<std::byte> payload(block.length);
    std::uint32_t state = block.piece.value * 2654435761U + block.offset + 12345;
    for (std::byte& b : payload) {
        state = state * 1664525U + 1013904223U;
        b = static_cast<std::byte>(state >> 24);
    }
    return payload;
}

inline void append_piece(std::vector<std::byte>& out, BlockRef block) {
    const PieceHeader header = piece_header(block);
    out.insert(out.end(), header.begin(), header.end());
    const std::vector<std::byte> payload = payload_of(block);
    out.insert(out.end(), payload.begin(), payload.end());
}

inline std::array<std::byte, handshake_size_bytes> any_handshake() {
    return encode(
        Handshake{.info_hash = {}, .peer_id = {}, .extensions = true, .fast = true, .dht = false});
}

/// What a kernel does: the first `count` bytes of `stream` into the plan's segments.
inline void receive_into(const ReceivePlan& plan, Bytes stream, std::size_t count) {
    for (const MutableBytes segment : plan.segments()) {
        const std::size_t part = std::min(segment.size(), count);
        std::ranges::copy(stream.first(part), segment.begin());
        stream = stream.subspan(part);
        count -= part;
    }
}

/// Buffers with room for the blocks of a test, handed out one after the other.
class SlotMemory {
public:
    explicit SlotMemory(std::size_t buffer_size_bytes = block_length_max)
        : SlotMemory(buffer_size_bytes, {}) {
        buffers_.bind(BufferId{0}, memory_[0] = std::vector<std::byte>(block_length_max));
    }

    /// With a discard buffer that others may share.
    SlotMemory(std::size_t buffer_size_bytes, MutableBytes discard)
        : buffer_size_(buffer_size_bytes), used_(buffer_size_bytes), memory_(1) {
        buffers_.bind(BufferId{0}, discard);
    }

    BlockSlot allocate(std::uint32_t length) {
        if (length > buffer_size_ - used_) {
            const BufferId next(static_cast<std::uint32_t>(memory_.size()));
            buffers_.bind(next, memory_.emplace_back(buffer_size_));
            used_ = 0;
        }
        const BlockSlot slot{.buffer = BufferId(static_cast<std::uint32_t>(memory_.size() - 1)),
                             .at = static_cast<std::uint32_t>(used_)};
        used_ += length;
        return slot;
    }

    const PayloadBuffers& buffers() const { return buffers_; }

    bool holds_payload(BlockRef block, BlockSlot slot) const {
        return std::ranges::equal(buffers_.at(slot, block.length), payload_of(block));
    }

private:
    std::size_t buffer_size_;
    std::size_t used_;
    std::deque<std::vector<std::byte>> memory_;
    PayloadBuffers buffers_;
};

}  // namespace spate::wire
