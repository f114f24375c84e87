// The planned half of PeerWire: what should come is received where it belongs; what came is
// checked.
#include <algorithm>

#include "engine/base/assert.hpp"
#include "engine/wire/limits.hpp"
#include "engine/wire/peer_wire.hpp"

namespace spate::wire {

bool PeerWire::plan_receive(ReceivePlan& plan, const PayloadBuffers& buffers) {
    plan.clear(++plan_serial_);
    release_idle();
    if (failed_) return false;
    if (stage_ == Stage::payload) {
        if (incoming_.wanted && incoming_.shared) return false;
        const std::uint32_t rest = incoming_.block.length - incoming_.received;
        const BlockSlot slot{.buffer = incoming_.slot.buffer,
                             .at = incoming_.slot.at + incoming_.received};
        plan.resumes_ = true;
        if (incoming_.wanted)
            plan.add_payload(slot.buffer, buffers.at(slot, rest));
        else
            plan.add_segment(buffers.at(BlockSlot{}, rest));
    } else if (stage_ != Stage::head || expected_.empty() || expected_[0].shared ||
               !head_fits(expected_[0].block)) {
        return false;
    }
    const std::size_t count = std::min(expected_.size(), ReceivePlan::blocks_max);
    for (std::size_t i = 0; i < count && !expected_[i].shared; ++i) {
        const ExpectedBlock& expected = expected_[i];
        if (!plan.empty() && buffers.is_hot_full() && !buffers.has_memory(expected.slot.buffer))
            break;
        const std::size_t received = i == 0 && stage_ == Stage::head ? head_size_ : 0;
        plan.add_block(expected, Bytes(head_).first(received),
                       buffers.at(expected.slot, expected.block.length));
    }
    return true;
}

bool PeerWire::needs_memory(const PayloadBuffers& buffers) const {
    return stage_ == Stage::head && head_size_ == 0 && !expected_.empty() &&
           !buffers.has_memory(expected_[0].slot.buffer);
}

/// Whether the bytes of a message that came so far can be the start of this block's.
bool PeerWire::head_fits(BlockRef block) const {
    return head_size_ < piece_header_size_bytes &&
           std::ranges::equal(Bytes(head_).first(head_size_),
                              Bytes(piece_header(block)).first(head_size_));
}

PeerWire::Result PeerWire::handle_planned(ReceivePlan& plan, std::size_t count,
                                          const PayloadBuffers& buffers,
                                          std::vector<Event>& events) {
    SPATE_ASSERT(plan.serial_ == plan_serial_ && count <= plan.size_bytes());
    ++plan_serial_;
    release_kept();
    bytes_received_ += count;
    const std::size_t done = read_in_place(plan, count, events);
    if (done == count) return {};
    gather(plan, done, count);
    return read(kept_, buffers, events);
}

/// Takes what came as planned; returns how many bytes that is. The rest begins with a message.
std::size_t PeerWire::read_in_place(const ReceivePlan& plan, std::size_t count,
                                    std::vector<Event>& events) {
    std::size_t done = 0;
    const auto read_payload_in_place = [&] {
        const std::size_t rest = incoming_.block.length - incoming_.received;
        const std::size_t arrived = std::min(rest, count - done);
        if (arrived > 0) advance_payload(static_cast<std::uint32_t>(arrived), events);
        done += arrived;
    };
    if (plan.resumes_) read_payload_in_place();
    for (std::size_t i = 0; i < plan.block_count_ && done < count; ++i) {
        const std::size_t header_rest =
            piece_header_size_bytes - (i == 0 ? plan.first_header_received_ : 0U);
        if (count - done < header_rest || !is_in_place(plan, i)) break;
        const auto begun = begin_block(plan.blocks_[i].block);
        SPATE_ASSERT(begun.has_value());  // what we asked for is in range
        done += header_rest;
        read_payload_in_place();
    }
    return done;
}

/// Whether the plan's block `index` came as planned, and is still to go where the plan put it (or
/// nowhere at all).
bool PeerWire::is_in_place(const ReceivePlan& plan, std::size_t index) const {
    const ExpectedBlock& planned = plan.blocks_[index];
    if (plan.headers_[index] != piece_header(planned.block)) return false;
    const auto now = expected_.find(planned.block);
    if (!now) return true;
    const BlockSlot slot = expected_[*now].slot;
    return slot.buffer == planned.slot.buffer && slot.at == planned.slot.at;
}

/// Bytes [from, to) of the plan's stream into kept_. All of them before any is parsed, because a
/// payload's slot may be a segment that holds bytes still to be read.
void PeerWire::gather(const ReceivePlan& plan, std::size_t from, std::size_t to) {
    kept_.reserve(to - from);
    std::size_t segment_begin = 0;
    for (const MutableBytes segment : plan.segments()) {
        const std::size_t segment_end = segment_begin + segment.size();
        const std::size_t first = std::max(from, segment_begin);
        const std::size_t last = std::min(to, segment_end);
        if (first < last) {
            const Bytes part = Bytes(segment).subspan(first - segment_begin, last - first);
            kept_.insert(kept_.end(), part.begin(), part.end());
        }
        segment_begin = segment_end;
    }
    bytes_copied_ += to - from;
}

}  // namespace spate::wire
