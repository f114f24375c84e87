#pragma once
// engine/wire/receive_plan.hpp: where the next bytes of a peer should be received to.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/wire/expected_blocks.hpp"
#include "engine/wire/message.hpp"

namespace spate::wire {

/// A scattered receive, made by PeerWire::plan_receive() and judged by handle_planned(). The driver
/// keeps it beside its receive operation. The headers are received into the plan itself, so it
/// neither moves nor copies; no heap.
class ReceivePlan {
public:
    static constexpr std::size_t blocks_max = 16;

    ReceivePlan() = default;
    ReceivePlan(const ReceivePlan&) = delete;
    ReceivePlan& operator=(const ReceivePlan&) = delete;

    /// In stream order, none of them empty.
    std::span<const MutableBytes> segments() const {
        return std::span(segments_).first(segment_count_);
    }
    /// The payload buffers that segments point into, each once; BufferId{0}, which is always there,
    /// is left out. They must stay bound and unused by others until the plan was handled.
    std::span<const BufferId> buffers() const { return std::span(buffers_).first(buffer_count_); }
    bool empty() const { return segment_count_ == 0; }
    std::size_t size_bytes() const;

private:
    friend class PeerWire;

    void clear(std::uint32_t serial);
    void add_segment(MutableBytes memory) { segments_[segment_count_++] = memory; }
    void add_payload(BufferId buffer, MutableBytes memory);
    /// `received` is the part of the header that came before.
    void add_block(const ExpectedBlock& expected, Bytes received, MutableBytes payload);

    std::uint32_t serial_ = 0;  // of the PeerWire's plans: only the newest may be handled
    bool resumes_ = false;      // the first segment is the rest of a block's payload
    std::uint8_t first_header_received_ = 0;  // bytes of the first header that came before
    std::uint8_t segment_count_ = 0;
    std::uint8_t buffer_count_ = 0;
    std::uint8_t block_count_ = 0;
    std::array<PieceHeader, blocks_max> headers_;
    std::array<ExpectedBlock, blocks_max> blocks_;
    std::array<BufferId, blocks_max + 1> buffers_;
    std::array<MutableBytes, 2 * blocks_max + 1> segments_;
};

}  // namespace spate::wire
