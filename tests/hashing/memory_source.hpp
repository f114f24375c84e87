#pragma once
// tests/hashing/memory_source.hpp: data in memory as a source of pieces.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "hashing/piece_source.hpp"

namespace spate::hashing {

/// Reads what is in `data`, through hooks that a test may set before the run. The pages are cold if
/// `cold` says so; then at most `read_aheads_max` are there at once.
class MemorySource final : public PieceSource {
public:
    explicit MemorySource(const std::vector<std::byte>& data) : data_(data) {}

    /// An errno for the byte, if it can't be read.
    std::function<std::optional<int>(std::uint64_t offset_bytes)> error_at;
    /// Called before each read().
    std::function<void(std::uint64_t offset_bytes, MutableBytes out)> on_read;
    std::size_t read_bytes_max = SIZE_MAX;
    bool cold = false;
    std::size_t read_aheads_max = 8;

    std::expected<std::size_t, int> read(std::uint64_t offset_bytes, MutableBytes out) override {
        if (on_read) on_read(offset_bytes, out);
        if (offset_bytes >= data_.size()) return 0;
        if (error_at)
            if (const auto error = error_at(offset_bytes)) return std::unexpected(*error);
        const std::size_t count =
            std::min({out.size(), read_bytes_max, data_.size() - std::size_t{offset_bytes}});
        std::memcpy(out.data(), data_.data() + offset_bytes, count);
        return count;
    }

    bool is_cold(std::span<const ByteRange>) override { return cold; }

    std::unique_ptr<ReadAhead> read_ahead(std::span<const ByteRange> ranges,
                                          Patience patience) override {
        if (read_aheads_max == 0) return nullptr;
        std::size_t there = read_aheads_;
        do {
            if (there >= read_aheads_max && patience == Patience::at_once) return nullptr;
            if (there >= read_aheads_max) {
                read_aheads_.wait(there);
                there = read_aheads_;
            }
        } while (there >= read_aheads_max || !read_aheads_.compare_exchange_weak(there, there + 1));
        for (std::size_t seen = most_read_aheads;
             there + 1 > seen && !most_read_aheads.compare_exchange_weak(seen, there + 1);) {
        }
        return std::make_unique<Copy>(*this, ranges);
    }

    std::atomic<std::size_t> most_read_aheads{0};
    std::atomic<std::uint64_t> read_ahead_bytes{0};
    std::atomic<std::uint64_t> largest_read_ahead_bytes{0};

    std::size_t read_aheads() const { return read_aheads_; }

private:
    /// Copies at once: what is destroyed too early, a sanitizer sees.
    class Copy final : public ReadAhead {
    public:
        Copy(MemorySource& source, std::span<const ByteRange> ranges) : source_(source) {
            std::uint64_t sum = 0;
            for (const ByteRange& range : ranges) {
                copies_.push_back(source.copy(range));
                sum += range.size_bytes;
            }
            source.read_ahead_bytes += sum;
            for (std::uint64_t seen = source.largest_read_ahead_bytes;
                 sum > seen && !source.largest_read_ahead_bytes.compare_exchange_weak(seen, sum);) {
            }
        }
        Copy(const Copy&) = delete;
        Copy& operator=(const Copy&) = delete;
        ~Copy() override {
            --source_.read_aheads_;
            source_.read_aheads_.notify_all();
        }
        Bytes wait(std::size_t index) override { return copies_.at(index); }

    private:
        MemorySource& source_;
        std::vector<std::vector<std::byte>> copies_;
    };

    std::vector<std::byte> copy(const ByteRange& range) const {
        if (range.end() > data_.size()) return {};
        if (error_at)
            for (std::uint64_t at = range.offset_bytes; at < range.end(); at += 512)
                if (error_at(at)) return {};
        const auto begin = data_.begin() + static_cast<std::ptrdiff_t>(range.offset_bytes);
        return {begin, begin + static_cast<std::ptrdiff_t>(range.size_bytes)};
    }

    const std::vector<std::byte>& data_;
    std::atomic<std::size_t> read_aheads_{0};
};

}  // namespace spate::hashing
