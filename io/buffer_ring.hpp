#pragma once
// io/buffer_ring.hpp: small buffers that the kernel hands out when data arrives.
#include <cstdint>
#include <expected>
#include <memory>
#include <system_error>

#include "io/mapping.hpp"
#include "io/ring.hpp"

namespace spate::io {

struct BufferRingOptions {
    std::uint16_t group = 0;  ///< unique in its ring
    /// A power of two, at most BufferRing::buffers_max. Fewer buffers than connections that become
    /// ready at once means ENOBUFS storms.
    std::uint32_t buffers = 256;
    std::uint32_t buffer_bytes = 2048;
};

/// Buffers for receives of idle connections, which hold none until data comes. A completion names
/// its buffer (selected_buffer()); whoever handles it recycles it, and only then re-arms: a
/// receive on an empty group ends with ENOBUFS, which is an ordinary result. Same thread as its
/// Ring, which outlives it.
class BufferRing {
public:
    static constexpr std::uint32_t buffers_max = 32768;  // the kernel's limit

    static std::expected<std::unique_ptr<BufferRing>, std::error_code> open(
        Ring& ring, const BufferRingOptions& options);
    ~BufferRing();
    BufferRing(const BufferRing&) = delete;
    BufferRing& operator=(const BufferRing&) = delete;

    std::uint16_t group() const { return options_.group; }
    std::uint32_t buffer_bytes() const { return options_.buffer_bytes; }
    /// The whole buffer; the completion's result tells how much of it is filled.
    MutableBytes at(std::uint16_t buffer) const;
    /// Gives it back to the kernel.
    void recycle(std::uint16_t buffer);

private:
    BufferRing(Ring& ring, const BufferRingOptions& options, PageMapping entries,
               PageMapping buffers)
        : ring_(ring),
          options_(options),
          entries_(std::move(entries)),
          buffers_(std::move(buffers)) {}

    void offer(std::uint16_t buffer);
    void publish();

    Ring& ring_;
    BufferRingOptions options_;
    PageMapping entries_;  // shared with the kernel
    PageMapping buffers_;
    std::uint16_t tail_ = 0;
};

}  // namespace spate::io
