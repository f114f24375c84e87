#pragma once
// io/iovecs.hpp: scattered memory, of which a front part may be done already.
#include <array>
#include <cstddef>
#include <span>
#include <sys/uio.h>

#include "engine/base/assert.hpp"
#include "engine/base/bytes.hpp"

namespace spate::io {

/// What is left after the first `bytes` of `vectors` were transferred; trims the vector in which
/// the transfer stopped. `bytes` is at most their sum.
inline std::span<iovec> advance(std::span<iovec> vectors, std::size_t bytes) {
    while (!vectors.empty() && bytes >= vectors.front().iov_len) {
        bytes -= vectors.front().iov_len;
        vectors = vectors.subspan(1);
    }
    if (bytes > 0) {
        SPATE_ASSERT(!vectors.empty());
        iovec& cut = vectors.front();
        cut.iov_base = static_cast<std::byte*>(cut.iov_base) + bytes;
        cut.iov_len -= bytes;
    }
    return vectors;
}

/// At most `capacity` ranges of memory that it doesn't own, transferred from the front.
template <std::size_t capacity>
class IoVecs {
public:
    static constexpr std::size_t ranges_max = capacity;

    void clear() { first_ = end_ = 0; }

    /// Not when full.
    void add(MutableBytes range) { push(range.data(), range.size()); }
    /// For sends and writes, which leave the memory as it is.
    void add(Bytes range) { push(const_cast<std::byte*>(range.data()), range.size()); }

    bool full() const { return end_ == capacity; }
    /// Nothing is left to transfer.
    bool empty() const { return first_ == end_; }

    /// Bytes left.
    std::size_t size_bytes() const {
        std::size_t sum = 0;
        for (std::size_t i = first_; i < end_; ++i) sum += ranges_[i].iov_len;
        return sum;
    }

    std::span<iovec> rest() { return std::span(ranges_).subspan(first_, end_ - first_); }

    /// The first `bytes` of the rest are done.
    void advance(std::size_t bytes) { first_ = end_ - io::advance(rest(), bytes).size(); }

private:
    void push(std::byte* data, std::size_t size_bytes) {
        SPATE_ASSERT(!full());
        ranges_[end_++] = {data, size_bytes};
    }

    std::array<iovec, capacity> ranges_;
    std::size_t first_ = 0;
    std::size_t end_ = 0;
};

}  // namespace spate::io
