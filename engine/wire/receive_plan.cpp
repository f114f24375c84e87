#include "engine/wire/receive_plan.hpp"

#include <algorithm>

namespace spate::wire {

std::size_t ReceivePlan::size_bytes() const {
    std::size_t total = 0;
    for (const MutableBytes segment : segments()) total += segment.size();
    return total;
}

void ReceivePlan::clear(std::uint32_t serial) {
    serial_ = serial;
    resumes_ = false;
    first_header_received_ = 0;
    segment_count_ = 0;
    buffer_count_ = 0;
    block_count_ = 0;
}

void ReceivePlan::add_payload(BufferId buffer, MutableBytes memory) {
    add_segment(memory);
    if (buffer == BufferId{0} || std::ranges::find(buffers(), buffer) != buffers().end()) return;
    buffers_[buffer_count_++] = buffer;
}

void ReceivePlan::add_block(const ExpectedBlock& expected, Bytes received, MutableBytes payload) {
    PieceHeader& header = headers_[block_count_];
    std::ranges::copy(received, header.begin());
    if (block_count_ == 0) first_header_received_ = static_cast<std::uint8_t>(received.size());
    blocks_[block_count_++] = expected;
    add_segment(MutableBytes(header).subspan(received.size()));
    add_payload(expected.slot.buffer, payload);
}

}  // namespace spate::wire
