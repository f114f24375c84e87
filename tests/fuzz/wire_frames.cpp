// A peer that sends anything, to two receivers that must agree: one hears the bytes linearly, the
// other through plans wherever it can make one. The first byte of each step says what happens.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/base/assert.hpp"
#include "engine/wire/peer_wire.hpp"
#include "tests/engine/wire/wire_script.hpp"

using namespace spate;
using namespace spate::wire;

namespace {

constexpr std::size_t blocks_max = 64;

class Receivers {
public:
    explicit Receivers(MutableBytes discard)
        : linear_memory_(512, discard), mixed_memory_(512, discard) {
        hear_linearly(any_handshake());
        std::vector<Event> events;
        SPATE_ASSERT(mixed_.handle_bytes(any_handshake(), mixed_memory_.buffers(), events));
    }

    void set_piece_count() {
        linear_.set_piece_count(16, 1024);
        mixed_.set_piece_count(16, 1024);
    }

    void expect_block(unsigned choice) {
        if (linear_.expected_count() >= blocks_max) return;
        const BlockRef block = chosen(choice);
        linear_.expect_block(block, linear_memory_.allocate(block.length));
        mixed_.expect_block(block, mixed_memory_.allocate(block.length));
    }

    void forget_block(unsigned choice) {
        const bool forgotten = linear_.forget_block(chosen(choice));
        SPATE_ASSERT(forgotten == mixed_.forget_block(chosen(choice)));
    }

    /// Both hear as much of `bytes` as the plan has room for, the block of `choice` forgotten and
    /// expected anew while the plan is in flight. Returns how much that was; 0 after an error.
    std::size_t hear(Bytes bytes, unsigned choice) {
        ReceivePlan plan;
        std::vector<Event> events;
        PeerWire::Result result;
        if (mixed_.plan_receive(plan, mixed_memory_.buffers())) {
            bytes = bytes.first(std::min(bytes.size(), plan.size_bytes()));
            if (choice % 4 == 0) forget_block(choice / 4);
            if (choice % 8 == 0) expect_block(choice / 4);
            receive_into(plan, bytes, bytes.size());
            result = mixed_.handle_planned(plan, bytes.size(), mixed_memory_.buffers(), events);
        } else {
            result = mixed_.handle_bytes(bytes, mixed_memory_.buffers(), events);
        }
        const std::vector<std::string> texts = describe(events);
        const bool healthy = hear_linearly(bytes);
        SPATE_ASSERT(texts == linear_texts_ && healthy == result.has_value());
        SPATE_ASSERT(linear_.expected_count() == mixed_.expected_count());
        SPATE_ASSERT(linear_.payload_bytes_received() == mixed_.payload_bytes_received());
        for (const Event& event : events) compare_payload(event);
        return healthy ? bytes.size() : 0;
    }

private:
    static BlockRef chosen(unsigned choice) {
        return {PieceIndex(choice % 4), choice / 4 % 4, 1 + choice / 16 % 4};
    }

    bool hear_linearly(Bytes bytes) {
        std::vector<Event> events;
        const auto result = linear_.handle_bytes(bytes, linear_memory_.buffers(), events);
        linear_texts_ = describe(events);
        return result.has_value();
    }

    void compare_payload(const Event& event) {
        const auto* received = std::get_if<BlockReceived>(&event);
        if (received == nullptr) return;
        const auto payload = [&](const SlotMemory& memory) {
            return memory.buffers().at(received->slot, received->block.length);
        };
        SPATE_ASSERT(std::ranges::equal(payload(linear_memory_), payload(mixed_memory_)));
    }

    SlotMemory linear_memory_;
    SlotMemory mixed_memory_;
    PeerWire linear_;
    PeerWire mixed_;
    std::vector<std::string> linear_texts_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static std::vector<std::byte> discard(block_length_max);  // junk, and slow to allocate
    Receivers receivers(discard);
    ByteReader input(std::as_bytes(std::span(data, size)));
    while (const auto step = input.read<std::uint8_t>()) {
        const unsigned choice = *step / 4U;
        switch (*step % 4) {
            case 0:
                receivers.expect_block(choice);
                break;
            case 1:
                receivers.forget_block(choice);
                break;
            case 2:
                if (choice == 0) receivers.set_piece_count();
                [[fallthrough]];
            default: {
                Bytes part = *input.read_bytes(std::min<std::size_t>(choice, input.rest().size()));
                while (!part.empty()) {
                    const std::size_t heard = receivers.hear(part, choice);
                    if (heard == 0) return 0;
                    part = part.subspan(heard);
                }
            }
        }
    }
    return 0;
}
