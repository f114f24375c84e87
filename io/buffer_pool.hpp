#pragma once
// io/buffer_pool.hpp: one core's payload memory.
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "engine/base/ids.hpp"
#include "io/mapping.hpp"
#include "io/ring.hpp"

namespace spate::io {

/// Page-aligned buffers of power-of-two sizes within a budget. The buffer given back last is taken
/// first: it is still in the cache. Memory comes in slabs of at least 2 MiB, on huge pages where
/// the kernel has them; when the budget is used up, slabs without a taken buffer go to other
/// sizes. Empty-handed is an ordinary result that turns into backpressure. One thread.
class BufferPool {
public:
    static constexpr std::size_t buffer_bytes_min = 16 * 1024;
    static constexpr std::size_t buffer_bytes_max = 64 * 1024 * 1024;
    static constexpr std::size_t slab_bytes_min = 2 * 1024 * 1024;
    /// The kernel's limit on registered buffers is 16,384.
    static constexpr unsigned registered_slabs_max = 4096;

    explicit BufferPool(std::size_t budget_bytes) : budget_bytes_(budget_bytes) {}
    /// Every buffer has been given back, and a ring that it was registered with is gone or idle.
    ~BufferPool();
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;

    /// A buffer of at least `size_bytes` (at most buffer_bytes_max); empty when the budget is used
    /// up or the kernel has no memory. Ids are small and used again.
    std::optional<BufferId> take(std::size_t size_bytes);
    void give_back(BufferId id);

    /// The whole buffer; what it holds after take() is undefined.
    MutableBytes at(BufferId id) const;

    std::size_t budget_bytes() const { return budget_bytes_; }
    std::size_t mapped_bytes() const { return mapped_bytes_; }
    std::size_t taken_bytes() const { return taken_bytes_; }

    /// Registers present and future slabs as fixed buffers of `ring`, as far as RLIMIT_MEMLOCK
    /// allows. The ring outlives the pool's last take().
    void register_with(Ring& ring);
    /// All memory mapped so far is registered.
    bool registered() const;
    /// For io_uring_prep_read_fixed and its like; empty when the buffer isn't registered.
    std::optional<std::uint16_t> fixed_index(BufferId id) const;

private:
    static constexpr std::size_t classes = 13;  // 16 KiB << 0 ... 16 KiB << 12
    static_assert(buffer_bytes_min << (classes - 1) == buffer_bytes_max);

    struct Slab {
        PageMapping mapping;
        std::vector<BufferId> buffers;
        std::size_t size_class = 0;
        std::size_t taken = 0;
        bool is_registered = false;
    };
    struct Buffer {
        MutableBytes memory;
        std::uint32_t slab = 0;
        bool is_taken = false;
    };

    static std::size_t class_of(std::size_t size_bytes);
    bool grow(std::size_t size_class);
    bool make_room(std::size_t bytes);
    void release(Slab& slab);
    void split(std::uint32_t slab_index, std::size_t buffer_bytes);
    std::uint32_t free_slab_index();
    void set_registration(std::uint32_t slab_index, MutableBytes memory);

    std::size_t budget_bytes_;
    std::size_t mapped_bytes_ = 0;
    std::size_t taken_bytes_ = 0;
    std::vector<Slab> slabs_;      // one without a mapping is free to be used again
    std::vector<Buffer> buffers_;  // by id
    std::vector<BufferId> unused_ids_;
    std::array<std::vector<BufferId>, classes> free_;
    Ring* registered_ring_ = nullptr;
};

}  // namespace spate::io
