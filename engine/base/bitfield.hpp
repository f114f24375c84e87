#pragma once
// engine/base/bitfield.hpp: one bit a piece, in the wire's order (BEP 3: high bit first).
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "engine/base/assert.hpp"
#include "engine/base/bytes.hpp"

namespace spate {

/// A bit for each of size() pieces. Holds memory only while some are set and some aren't: most
/// peers have everything or nothing.
class Bitfield {
public:
    Bitfield() = default;
    explicit Bitfield(std::size_t size_bits) : size_(size_bits) {}

    /// A peer's bitfield. Refused (false) when its length is wrong or a spare bit is set.
    [[nodiscard]] bool assign(Bytes wire, std::size_t size_bits) {
        if (wire.size() != (size_bits + 7) / 8) return false;
        const unsigned spare = static_cast<unsigned>(wire.size() * 8 - size_bits);
        if (spare != 0 && (std::to_integer<unsigned>(wire.back()) & ((1U << spare) - 1)) != 0)
            return false;
        size_ = size_bits;
        bytes_.assign(wire.begin(), wire.end());
        count_ = 0;
        for (const std::byte b : bytes_)
            count_ += static_cast<std::size_t>(std::popcount(std::to_integer<std::uint8_t>(b)));
        release_if_plain();
        return true;
    }

    std::size_t size() const { return size_; }
    /// Bits that are set.
    std::size_t count() const { return count_; }
    bool all() const { return count_ == size_; }
    bool none() const { return count_ == 0; }
    /// As in a BITFIELD message: spare bits at the end are zero.
    std::vector<std::byte> to_wire() const { return bytes_.empty() ? spelled_out() : bytes_; }

    bool test(std::size_t bit) const {
        SPATE_ASSERT(bit < size_);
        if (bytes_.empty()) return count_ != 0;
        return (bytes_[bit / 8] & mask(bit)) != std::byte{0};
    }

    /// Bits 8 * `byte` to 8 * `byte` + 63: the first is the highest, those beyond the end are zero.
    std::uint64_t word(std::size_t byte) const {
        SPATE_ASSERT(byte * 8 < size_);
        if (bytes_.empty()) {
            const std::size_t left = size_ - byte * 8;
            const std::uint64_t ones = ~std::uint64_t{0};
            return none() ? 0 : left >= 64 ? ones : ones << (64 - left);
        }
        std::uint64_t word = 0;
        std::memcpy(&word, bytes_.data() + byte, std::min<std::size_t>(8, bytes_.size() - byte));
        return std::byteswap(word);
    }

    /// A test() of the bit follows soon: fetches its cache line meanwhile.
    void prefetch(std::size_t bit) const {
        if (!bytes_.empty()) __builtin_prefetch(bytes_.data() + bit / 8);
    }

    /// True when the bit was clear before.
    bool set(std::size_t bit) {
        if (test(bit)) return false;
        if (bytes_.empty()) bytes_ = spelled_out();
        bytes_[bit / 8] |= mask(bit);
        ++count_;
        release_if_plain();
        return true;
    }

    /// True when the bit was set before.
    bool reset(std::size_t bit) {
        if (!test(bit)) return false;
        if (bytes_.empty()) bytes_ = spelled_out();
        bytes_[bit / 8] &= ~mask(bit);
        --count_;
        release_if_plain();
        return true;
    }

    void set_all() {
        count_ = size_;
        release_if_plain();
    }

    void reset_all() {
        bytes_ = {};
        count_ = 0;
    }

    bool operator==(const Bitfield&) const = default;

private:
    void release_if_plain() {
        if (all() || none()) bytes_ = {};
    }
    std::vector<std::byte> spelled_out() const {
        std::vector<std::byte> bytes((size_ + 7) / 8, all() ? std::byte{0xff} : std::byte{0});
        if (size_ % 8 != 0 && all()) bytes.back() &= ~std::byte{0} << (8 - size_ % 8);
        return bytes;
    }

    static std::byte mask(std::size_t bit) { return std::byte{0x80} >> (bit % 8); }

    std::size_t size_ = 0;
    std::size_t count_ = 0;
    std::vector<std::byte> bytes_;  // empty: all or none
};

}  // namespace spate
