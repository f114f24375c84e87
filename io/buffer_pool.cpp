#include "io/buffer_pool.hpp"

#include <algorithm>
#include <bit>

namespace spate::io {

BufferPool::~BufferPool() {
    SPATE_ASSERT(taken_bytes_ == 0);
}

std::size_t BufferPool::class_of(std::size_t size_bytes) {
    SPATE_ASSERT(size_bytes <= buffer_bytes_max);
    const std::size_t rounded = std::bit_ceil(std::max(size_bytes, buffer_bytes_min));
    return static_cast<std::size_t>(std::countr_zero(rounded) - std::countr_zero(buffer_bytes_min));
}

std::optional<BufferId> BufferPool::take(std::size_t size_bytes) {
    const std::size_t size_class = class_of(size_bytes);
    std::vector<BufferId>& free = free_[size_class];
    if (free.empty() && !grow(size_class)) return std::nullopt;
    const BufferId id = free.back();
    free.pop_back();
    Buffer& buffer = buffers_[id.value];
    buffer.is_taken = true;
    ++slabs_[buffer.slab].taken;
    taken_bytes_ += buffer.memory.size();
    return id;
}

void BufferPool::give_back(BufferId id) {
    SPATE_ASSERT(id.value < buffers_.size() && buffers_[id.value].is_taken);
    Buffer& buffer = buffers_[id.value];
    Slab& slab = slabs_[buffer.slab];
    buffer.is_taken = false;
    --slab.taken;
    taken_bytes_ -= buffer.memory.size();
    free_[slab.size_class].push_back(id);
}

MutableBytes BufferPool::at(BufferId id) const {
    SPATE_ASSERT(id.value < buffers_.size() && buffers_[id.value].is_taken);
    return buffers_[id.value].memory;
}

bool BufferPool::grow(std::size_t size_class) {
    const std::size_t buffer_bytes = buffer_bytes_min << size_class;
    // A small budget may have no room for a whole slab; one buffer is enough to go on.
    std::size_t slab_bytes = std::max(slab_bytes_min, buffer_bytes);
    if (slab_bytes > budget_bytes_) slab_bytes = budget_bytes_ / buffer_bytes * buffer_bytes;
    if (slab_bytes == 0 || !make_room(slab_bytes)) return false;
    auto mapping = PageMapping::create(slab_bytes, slab_bytes_min);
    if (!mapping) return false;
    ::madvise(mapping.memory().data(), slab_bytes, MADV_HUGEPAGE);
    mapped_bytes_ += slab_bytes;
    const std::uint32_t index = free_slab_index();
    slabs_[index] = {.mapping = std::move(mapping), .buffers = {}, .size_class = size_class};
    split(index, buffer_bytes);
    set_registration(index, slabs_[index].mapping.memory());
    return true;
}

bool BufferPool::make_room(std::size_t bytes) {
    for (Slab& slab : slabs_) {
        if (mapped_bytes_ + bytes <= budget_bytes_) return true;
        if (slab.mapping && slab.taken == 0) release(slab);
    }
    return mapped_bytes_ + bytes <= budget_bytes_;
}

void BufferPool::release(Slab& slab) {
    const auto index = static_cast<std::uint32_t>(&slab - slabs_.data());
    if (slab.is_registered) set_registration(index, {});
    std::erase_if(free_[slab.size_class],
                  [&](BufferId id) { return buffers_[id.value].slab == index; });
    for (const BufferId id : slab.buffers) {
        buffers_[id.value] = {};
        unused_ids_.push_back(id);
    }
    mapped_bytes_ -= slab.mapping.memory().size();
    slab = {};
}

void BufferPool::split(std::uint32_t slab_index, std::size_t buffer_bytes) {
    Slab& slab = slabs_[slab_index];
    const MutableBytes memory = slab.mapping.memory();
    for (std::size_t at = 0; at < memory.size(); at += buffer_bytes) {
        if (unused_ids_.empty()) {
            unused_ids_.emplace_back(static_cast<std::uint32_t>(buffers_.size()));
            buffers_.emplace_back();
        }
        const BufferId id = unused_ids_.back();
        unused_ids_.pop_back();
        buffers_[id.value] = {.memory = memory.subspan(at, buffer_bytes), .slab = slab_index};
        slab.buffers.push_back(id);
        free_[slab.size_class].push_back(id);
    }
}

std::uint32_t BufferPool::free_slab_index() {
    const auto unused =
        std::ranges::find_if(slabs_, [](const Slab& slab) { return !slab.mapping; });
    if (unused != slabs_.end()) return static_cast<std::uint32_t>(unused - slabs_.begin());
    slabs_.emplace_back();
    return static_cast<std::uint32_t>(slabs_.size() - 1);
}

void BufferPool::register_with(Ring& ring) {
    SPATE_ASSERT(registered_ring_ == nullptr);
    if (io_uring_register_buffers_sparse(ring.native(), registered_slabs_max) != 0) return;
    registered_ring_ = &ring;
    for (std::uint32_t i = 0; i < slabs_.size(); ++i)
        if (slabs_[i].mapping) set_registration(i, slabs_[i].mapping.memory());
}

/// Empty memory takes the registration away.
void BufferPool::set_registration(std::uint32_t slab_index, MutableBytes memory) {
    if (registered_ring_ == nullptr || slab_index >= registered_slabs_max) return;
    const iovec range{memory.data(), memory.size()};
    const std::uint64_t tag = 0;
    const int updated = io_uring_register_buffers_update_tag(
        registered_ring_->native(), slab_index, &range, reinterpret_cast<const __u64*>(&tag), 1);
    slabs_[slab_index].is_registered = updated == 1 && !memory.empty();
}

bool BufferPool::registered() const {
    return registered_ring_ != nullptr && std::ranges::all_of(slabs_, [](const Slab& slab) {
               return !slab.mapping || slab.is_registered;
           });
}

std::optional<std::uint16_t> BufferPool::fixed_index(BufferId id) const {
    SPATE_ASSERT(id.value < buffers_.size());
    const std::uint32_t slab = buffers_[id.value].slab;
    if (!slabs_[slab].is_registered) return std::nullopt;
    return static_cast<std::uint16_t>(slab);
}

}  // namespace spate::io
