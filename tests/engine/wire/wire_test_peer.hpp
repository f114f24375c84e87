#pragma once
// tests/engine/wire/wire_test_peer.hpp: a PeerWire past its handshake, with memory for its blocks.
#include <vector>

#include <gtest/gtest.h>

#include "engine/wire/peer_wire.hpp"
#include "tests/engine/wire/wire_script.hpp"

namespace spate::wire {

class WireTestPeer {
public:
    WireTestPeer() { EXPECT_TRUE(hear(any_handshake())); }

    PeerWire::Result hear(Bytes bytes) {
        events.clear();
        const auto result = wire.handle_bytes(bytes, slots.buffers(), events);
        texts_ = describe(events);
        return result;
    }

    /// The reason for which the peer is dropped when it says this.
    std::string refusal(Bytes bytes) {
        const auto result = hear(bytes);
        return result ? "accepted" : name(result.error());
    }

    BlockSlot expect(BlockRef block) {
        const BlockSlot slot = slots.allocate(block.length);
        wire.expect_block(block, slot);
        return slot;
    }

    bool plan() { return wire.plan_receive(receive_plan, slots.buffers()); }

    PeerWire::Result receive(Bytes stream) {
        receive_into(receive_plan, stream, stream.size());
        events.clear();
        const auto result =
            wire.handle_planned(receive_plan, stream.size(), slots.buffers(), events);
        texts_ = describe(events);
        return result;
    }

    /// The last call's events, read while the bytes they point into were there.
    const std::vector<std::string>& texts() const { return texts_; }

    SlotMemory slots;
    PeerWire wire;
    ReceivePlan receive_plan;
    std::vector<Event> events;

private:
    std::vector<std::string> texts_;
};

constexpr BlockRef block_at(std::uint32_t piece, std::uint32_t offset,
                            std::uint32_t length = block_size_bytes) {
    return {PieceIndex(piece), offset, length};
}

}  // namespace spate::wire
