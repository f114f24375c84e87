#include "io/buffer_ring.hpp"

#include <atomic>
#include <bit>
#include <cstddef>

namespace spate::io {
namespace {

constexpr std::size_t page_bytes = 4096;

constexpr std::size_t whole_pages(std::size_t bytes) {
    return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

}  // namespace

std::expected<std::unique_ptr<BufferRing>, std::error_code> BufferRing::open(
    Ring& ring, const BufferRingOptions& options) {
    SPATE_ASSERT(std::has_single_bit(options.buffers) && options.buffers <= buffers_max);
    SPATE_ASSERT(options.buffer_bytes > 0);
    if (!ring.features().buffer_rings)
        return std::unexpected(std::make_error_code(std::errc::operation_not_supported));
    auto entries =
        PageMapping::create(whole_pages(options.buffers * sizeof(io_uring_buf)), page_bytes);
    auto buffers = PageMapping::create(
        whole_pages(std::size_t{options.buffers} * options.buffer_bytes), page_bytes);
    if (!entries || !buffers)
        return std::unexpected(std::make_error_code(std::errc::not_enough_memory));
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(entries.memory().data());
    registration.ring_entries = options.buffers;
    registration.bgid = options.group;
    if (const int result = io_uring_register_buf_ring(ring.native(), &registration, 0); result < 0)
        return std::unexpected(std::error_code(-result, std::system_category()));
    std::unique_ptr<BufferRing> made(
        new BufferRing(ring, options, std::move(entries), std::move(buffers)));
    for (std::uint32_t i = 0; i < options.buffers; ++i) made->offer(static_cast<std::uint16_t>(i));
    made->publish();
    return made;
}

BufferRing::~BufferRing() {
    io_uring_unregister_buf_ring(ring_.native(), options_.group);
}

MutableBytes BufferRing::at(std::uint16_t buffer) const {
    SPATE_ASSERT(buffer < options_.buffers);
    return buffers_.memory().subspan(std::size_t{buffer} * options_.buffer_bytes,
                                     options_.buffer_bytes);
}

void BufferRing::recycle(std::uint16_t buffer) {
    offer(buffer);
    publish();
}

void BufferRing::offer(std::uint16_t buffer) {
    const MutableBytes memory = at(buffer);
    auto* entries = reinterpret_cast<io_uring_buf*>(entries_.memory().data());
    io_uring_buf& entry = entries[tail_ & (options_.buffers - 1)];
    entry.addr = reinterpret_cast<std::uint64_t>(memory.data());
    entry.len = options_.buffer_bytes;
    entry.bid = buffer;  // the first entry's `resv` is the ring's tail: it stays as it is
    ++tail_;
}

void BufferRing::publish() {
    auto* shared = reinterpret_cast<io_uring_buf_ring*>(entries_.memory().data());
    std::atomic_ref<std::uint16_t>(shared->tail).store(tail_, std::memory_order_release);
}

}  // namespace spate::io
