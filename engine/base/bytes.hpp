#pragma once
// engine/base/bytes.hpp: big-endian cursors over bytes.
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spate {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline Bytes as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

inline std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Network byte order at `at`, which holds at least sizeof(T) bytes.
template <std::unsigned_integral T>
T load_be(const std::byte* at) {
    T raw;
    std::memcpy(&raw, at, sizeof raw);
    return std::endian::native == std::endian::big ? raw : std::byteswap(raw);
}

template <std::unsigned_integral T>
void store_be(std::byte* at, T value) {
    if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
    std::memcpy(at, &value, sizeof value);
}

/// Reads big-endian fields from the front of a buffer it doesn't own; empty when too short.
class ByteReader {
public:
    explicit ByteReader(Bytes bytes) : rest_(bytes) {}

    template <std::unsigned_integral T>
    std::optional<T> read() {
        if (rest_.size() < sizeof(T)) return std::nullopt;
        const T value = load_be<T>(rest_.data());
        rest_ = rest_.subspan(sizeof(T));
        return value;
    }

    std::optional<Bytes> read_bytes(std::size_t count) {
        if (rest_.size() < count) return std::nullopt;
        const Bytes taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }

    Bytes rest() const { return rest_; }
    bool empty() const { return rest_.empty(); }

private:
    Bytes rest_;
};

/// Appends big-endian fields to a vector it doesn't own.
class ByteWriter {
public:
    explicit ByteWriter(std::vector<std::byte>& out) : out_(out) {}

    template <std::unsigned_integral T>
    ByteWriter& write(T value) {
        const std::size_t at = out_.size();
        out_.resize(at + sizeof value);
        store_be(out_.data() + at, value);
        return *this;
    }

    ByteWriter& write_bytes(Bytes bytes) {
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        return *this;
    }

private:
    std::vector<std::byte>& out_;
};

}  // namespace spate
