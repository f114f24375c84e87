#pragma once
// hashing/verify_pipeline.hpp: reads and hashes many pieces on many threads, through TBB.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "hashing/hasher.hpp"

namespace spate::hashing {

/// Fills the front of `out` from byte `offset_bytes` of the torrent's data and says how much: 0 is
/// the end of the data, an error is an errno. Called by several threads at once; must not call TBB.
using PieceReader =
    std::function<std::expected<std::size_t, int>(std::uint64_t offset_bytes, MutableBytes out)>;

/// Which pieces of which data, and at what expense.
struct PieceRun {
    std::uint32_t piece_length_bytes = 0;
    std::uint64_t total_bytes = 0;
    /// In this order, best that of the disk. Any subset, in any order.
    std::span<const PieceIndex> pieces;
    /// At most 1024; more than the processor has are not used.
    unsigned threads = 1;
    /// What is read of a piece at a time: a multiple of 64. Sixteen tiles should fit in L2; a file
    /// in the page cache takes 0.20 CPU s a GiB with tiles of 16 KiB, 0.17 with 32, the same
    /// with 64.
    std::size_t tile_bytes = 32 * 1024;
};

/// What became of a piece.
struct PieceResult {
    PieceIndex piece;
    bool readable = false;
    /// Of the piece when readable, else zeros.
    Sha1Digest digest{};
    /// Else: the errno, 0 where the data ended early, and the first byte that is missing.
    int error = 0;
    std::uint64_t error_offset_bytes = 0;
};

/// Bytes hashed so far; written by the pipeline, readable by any thread meanwhile.
struct PieceProgress {
    std::atomic<std::uint64_t> bytes{0};
};

/// Takes the results of up to sixteen pieces. Called by one thread at a time, in no fixed order.
using PieceResultSink = std::function<void(std::span<const PieceResult>)>;

enum class PieceRunEnd : std::uint8_t { completed, cancelled };

/// What a run holds in buffers at most.
std::size_t buffer_bytes_max(const PieceRun& run);

/// Hashes the pieces sixteen at a time, all sixteen advancing together tile by tile, so memory is
/// tiles and never pieces. An unreadable piece is reported and the rest goes on. Returns when all
/// is done, or soon after a stop is requested: within the reading of one tile a thread.
PieceRunEnd hash_pieces(const Hasher& hasher, const PieceRun& run, const PieceReader& reader,
                        const PieceResultSink& sink, PieceProgress& progress, std::stop_token stop);

/// What a check found out. Lists are in the order of piece indices.
struct VerifyReport {
    PieceRunEnd end = PieceRunEnd::completed;
    std::vector<PieceIndex> good;
    std::vector<PieceIndex> bad;
    std::vector<PieceResult> unreadable;
};

/// Compares each piece p of the run with expected[p].
VerifyReport verify_pieces(const Hasher& hasher, const PieceRun& run,
                           std::span<const Sha1Digest> expected, const PieceReader& reader,
                           PieceProgress& progress, std::stop_token stop);

}  // namespace spate::hashing
