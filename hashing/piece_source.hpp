#pragma once
// hashing/piece_source.hpp: where the verify pipeline gets the data of pieces from.
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>

#include "engine/base/bytes.hpp"

namespace spate::hashing {

/// Consecutive bytes of the data.
struct ByteRange {
    std::uint64_t offset_bytes = 0;
    std::uint64_t size_bytes = 0;

    std::uint64_t end() const { return offset_bytes + size_bytes; }
    bool operator==(const ByteRange&) const = default;
};

/// Ranges on their way into memory. One thread at a time; destroying it, in flight or not, gives
/// the memory back. Belongs to the source, which outlives it.
class ReadAhead {
public:
    virtual ~ReadAhead() = default;

    /// Waits for the reads. Then all bytes of range `index`, until this is destroyed, or none if
    /// they could not be read: PieceSource::read() will say why.
    virtual Bytes wait(std::size_t index) = 0;
};

/// The data of some torrent. Any number of threads; must not call TBB.
class PieceSource {
public:
    /// What one ReadAhead holds at most, all its ranges together.
    static constexpr std::uint64_t read_ahead_bytes_max = 8 << 20;

    virtual ~PieceSource() = default;

    /// Fills the front of `out` from byte `offset_bytes` of the data and says how much: 0 is the
    /// end of the data, an error is an errno. Blocks.
    virtual std::expected<std::size_t, int> read(std::uint64_t offset_bytes, MutableBytes out) = 0;

    /// True when the ranges would have to come from a disk, so that reading ahead in large parts
    /// is faster than read().
    virtual bool is_cold(std::span<const ByteRange> ranges) = 0;

    enum class Patience : std::uint8_t { at_once, waits };

    /// Starts to read the ranges, which are in order. Nothing when there is no memory for it: with
    /// `waits` that is only when there never will be.
    virtual std::unique_ptr<ReadAhead> read_ahead(std::span<const ByteRange> ranges,
                                                  Patience patience) = 0;
};

}  // namespace spate::hashing
