#pragma once
// hashing/piece_batch.hpp: what one task of the verify pipeline reads and hashes.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "hashing/piece_lanes.hpp"
#include "hashing/piece_source.hpp"
#include "hashing/verify_pipeline.hpp"

namespace spate::hashing {

/// Sixteen lanes and the tiles that their pieces are read into. One thread at a time.
class Workbench {
public:
    Workbench(const Hasher& hasher, const PieceRun& run);

    static std::size_t tiles_bytes(std::size_t tile_bytes);

    PieceLanes& lanes() { return lanes_; }
    MutableBytes tile(std::size_t lane) const;

private:
    PieceLanes lanes_;
    const std::size_t tile_bytes_;
    std::unique_ptr<std::byte[]> tiles_;
};

/// Pieces on their way through the pipeline; belongs to one stage at a time.
///
/// Pieces in the page cache are taken sixteen at a time and read tile by tile, so that the bytes
/// are hashed while they are in L2. Cold ones are read ahead in rounds: of each piece the first
/// `round_bytes`, then the next, so that pieces of any size need the same memory. A batch of pieces
/// of at most a round each has but one round, and as many pieces as fit into it.
class PieceBatch {
public:
    static constexpr std::uint64_t round_bytes = 1 << 20;
    /// Of cold ones.
    static constexpr std::size_t pieces_max = 512;

    PieceBatch(const PieceRun& run, PieceSource& source) : run_(run), source_(source) {}

    /// Whose turn it is: held by each stage while it has the batch.
    std::atomic<bool>& taken() { return taken_; }

    /// Takes pieces from the front of `rest` (not empty) and says how many. If they are cold, their
    /// reads begin.
    std::size_t start(std::span<const PieceIndex> rest);

    /// Reads and hashes to the end of all pieces; false when stopped before.
    bool process(Workbench& bench, PieceProgress& progress, const std::stop_token& stop);

    /// Forgets pieces and reads.
    void drop();

    std::span<const PieceResult> results() const { return results_; }

private:
    /// Consecutive pieces share a range.
    struct Round {
        std::uint64_t number = 0;
        std::vector<ByteRange> ranges;
        std::vector<std::size_t> range_of;  // by piece of the batch
        std::unique_ptr<ReadAhead> reads;
    };

    void take(std::span<const PieceIndex> pieces);
    std::size_t cold_count(std::span<const PieceIndex> rest) const;
    void plan(Round& round, std::uint64_t number, std::uint64_t size_bytes) const;
    void begin_round(Round& round, std::uint64_t number, PieceSource::Patience patience);
    void turn_to(std::uint64_t number);

    bool process_lanes(std::size_t first, Workbench& bench, PieceProgress& progress,
                       const std::stop_token& stop);
    std::optional<Bytes> next_part(std::size_t first, std::size_t lane, Workbench& bench);
    Bytes loaded(std::size_t piece, ByteRange part);
    bool read_tile(std::size_t piece, std::uint64_t offset_bytes, MutableBytes tile);

    const PieceRun& run_;
    PieceSource& source_;
    std::atomic<bool> taken_{false};
    std::vector<PieceExtent> extents_;
    std::vector<PieceResult> results_;
    bool cold_ = false;
    std::uint64_t rounds_ = 0;
    Round current_;
    Round next_;
};

}  // namespace spate::hashing
