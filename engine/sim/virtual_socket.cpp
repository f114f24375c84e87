#include "engine/sim/virtual_socket.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/sim/virtual_network.hpp"

namespace spate::sim {
namespace {

/// From a completion in the kernel to the program.
constexpr Duration completion_delay_min = 5us;
constexpr std::uint64_t completion_jitter_ns = 40'000;
/// Reserved bytes of the handshake (BEP 3): BEP 6 is a bit of the last one.
constexpr std::size_t fast_bit_at = 27;
constexpr std::byte fast_bit{0x04};

}  // namespace

VirtualSocket::VirtualSocket(VirtualNetwork& network, std::uint32_t node, std::uint64_t stream)
    : network_(network), node_(node), stream_(stream) {}

EventTag VirtualSocket::tag(EventKind kind, std::size_t size) const {
    return {kind, node_, stream_, size};
}

// --- Sending

void VirtualSocket::start_send(std::vector<std::byte> bytes) {
    SPATE_ASSERT(!sending_ && !closed_ && !bytes.empty());
    sending_ = true;
    outbox_ = std::move(bytes);
    outbox_taken_ = 0;
    pump_send();
}

void VirtualSocket::pump_send() {
    if (!sending_ || chunk_in_link_ || closed_) return;
    if (lost_) {
        chunk_in_link_ = true;
        network_.queue().schedule_in(completion_delay_min, tag(EventKind::connection_lost, 0),
                                     [self = shared_from_this()] { self->finish_send(false); });
        return;
    }
    const std::size_t room = window_bytes - unread_bytes_;
    const std::size_t count = std::min({room, chunk_bytes_max, outbox_.size() - outbox_taken_});
    if (count == 0) return;
    const auto first = outbox_.begin() + static_cast<std::ptrdiff_t>(outbox_taken_);
    std::vector<std::byte> chunk(first, first + static_cast<std::ptrdiff_t>(count));
    outbox_taken_ += count;
    unread_bytes_ += count;
    const auto other = other_.lock();
    const bool strip = strip_handshake_ || (other && other->strip_handshake_);
    if (strip && sent_bytes_ <= fast_bit_at && fast_bit_at < sent_bytes_ + count)
        chunk[fast_bit_at - sent_bytes_] &= ~fast_bit;
    sent_bytes_ += count;
    chunk_in_link_ = true;
    network_.queue().schedule(network_.reserve_uplink(node_, count),
                              tag(EventKind::chunk_departed, count),
                              [self = shared_from_this(), chunk = std::move(chunk)]() mutable {
                                  self->depart(std::move(chunk));
                              });
}

void VirtualSocket::depart(std::vector<std::byte> chunk) {
    chunk_in_link_ = false;
    if (const auto other = other_.lock(); other && !lost_)
        network_.carry(*this, other, std::move(chunk));
    if (closed_) return;
    if (lost_ || outbox_taken_ == outbox_.size()) return finish_send(!lost_);
    pump_send();
}

void VirtualSocket::finish_send(bool sent) {
    chunk_in_link_ = false;
    if (!std::exchange(sending_, false) || closed_) return;
    handlers_.sent(sent);
}

// --- Receiving

void VirtualSocket::arrive(std::vector<std::byte> chunk) {
    if (closed_ || lost_) return;
    if (inbox_taken_ == inbox_.size()) {
        inbox_ = std::move(chunk);
        inbox_taken_ = 0;
    } else {
        inbox_.insert(inbox_.end(), chunk.begin(), chunk.end());
    }
    try_receive();
}

void VirtualSocket::arrive_end() {
    ended_ = true;
    try_receive();
}

void VirtualSocket::start_receive(std::vector<MutableBytes> memory) {
    SPATE_ASSERT(!receiving_ && !closed_);
    receiving_ = true;
    completing_ = false;
    memory_ = std::move(memory);
    try_receive();
}

void VirtualSocket::try_receive() {
    if (!receiving_ || completing_) return;
    const std::size_t available = inbox_.size() - inbox_taken_;
    if (!lost_ && available == 0 && !ended_) return;
    std::size_t count = lost_ ? 0 : available;
    // Now and then less than there is: the rest is a call away.
    Prng& random = network_.random();
    if (count > 1 && random.below(4) == 0) count = 1 + random.below(count);
    count = take_into_memory(count);
    if (const auto other = other_.lock()) {
        other->unread_bytes_ -= count;
        other->pump_send();
    }
    const Duration jitter(static_cast<std::int64_t>(random.below(completion_jitter_ns)));
    complete_receive(count, count == 0, completion_delay_min + jitter);
}

std::size_t VirtualSocket::take_into_memory(std::size_t count) {
    std::size_t done = 0;
    for (const MutableBytes segment : memory_) {
        const std::size_t part = std::min(segment.size(), count - done);
        std::copy_n(inbox_.begin() + static_cast<std::ptrdiff_t>(inbox_taken_), part,
                    segment.begin());
        inbox_taken_ += part;
        done += part;
    }
    return done;
}

void VirtualSocket::complete_receive(std::size_t count, bool over, Duration delay) {
    completing_ = true;
    network_.queue().schedule_in(delay, tag(EventKind::received, count),
                                 [self = shared_from_this(), count, over] {
                                     self->receiving_ = false;
                                     self->handlers_.received(count, over);
                                 });
}

void VirtualSocket::cancel_receive() {
    if (receiving_ && !completing_) complete_receive(0, false, completion_delay_min);
}

// --- Ending

void VirtualSocket::close() {
    if (closed_) return;
    closed_ = true;
    cancel_receive();
    sending_ = false;
    if (const auto other = std::exchange(other_, {}).lock()) network_.carry_end(*this, other);
}

void VirtualSocket::reset() {
    if (lost_) return;
    lost_ = true;
    const auto other = std::exchange(other_, {}).lock();
    if (!closed_) {
        try_receive();
        pump_send();
    }
    if (other) other->reset();
}

}  // namespace spate::sim
