#pragma once
// hashing/verify_pipeline.hpp: reads and hashes many pieces on many threads, through TBB.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "engine/base/ids.hpp"
#include "hashing/hasher.hpp"
#include "hashing/piece_lanes.hpp"
#include "hashing/piece_source.hpp"

namespace spate::hashing {

/// Which pieces of which data, what to compute, and at what expense.
struct PieceRun {
    /// In this order, best that of the disk. Any subset, in any order.
    std::span<const PieceIndex> pieces;
    /// Called by one thread at a time.
    std::function<PieceExtent(PieceIndex)> extent_of;
    /// At least one of them.
    DigestChoice digests;
    /// At most 1024; more than the processor has are not used.
    unsigned threads = 1;
    /// Its threads step back for all others (see background_nice), here and in later runs.
    bool background = false;
    /// What is read of a resident piece at a time, and what is hashed of any piece before its
    /// lane-mates have their turn: a divisor of 1 MiB and a multiple of 64, with roots of 16 KiB.
    /// Longer ones are fewer reads, and fall out of L2 before they are hashed; 64 KiB is best but
    /// where both digests are wanted (docs/decisions/0012).
    std::size_t tile_bytes = 64 * 1024;
};

/// The extents of a v1 torrent, whose pieces leave no gap and are as long as one another but for
/// the last; the trees of the pieces are as high as that of a whole piece.
std::function<PieceExtent(PieceIndex)> equal_extents(std::uint32_t piece_length_bytes,
                                                     std::uint64_t total_bytes);

/// What became of a piece.
struct PieceResult {
    PieceIndex piece;
    bool readable = false;
    /// When readable, those that were asked for.
    PieceDigests digests{};
    /// Else: the errno, 0 where the data ended early, and the first byte that is missing.
    int error = 0;
    std::uint64_t error_offset_bytes = 0;
};

/// Bytes hashed so far; written by the pipeline, readable by any thread meanwhile.
struct PieceProgress {
    std::atomic<std::uint64_t> bytes{0};
};

/// Takes the results of some pieces. Called by one thread at a time, in no fixed order.
using PieceResultSink = std::function<void(std::span<const PieceResult>)>;

enum class PieceRunEnd : std::uint8_t { completed, cancelled };

/// How nice the threads of a run in the background are: beside a thread of the usual priority on
/// the same CPU they get a tenth of it, and their reads of the disk come after the others'.
inline constexpr int background_nice = 10;

/// Batches of cold pieces whose reads have begun before a thread has time for them.
inline constexpr std::size_t batches_ahead = 3;

/// What a run holds in buffers at most, beside what the source reads ahead.
std::size_t buffer_bytes_max(const PieceRun& run);

/// Hashes the pieces sixteen at a time, all sixteen advancing together tile by tile, so memory is
/// tiles and never pieces. Pieces that are not resident are read ahead by the source while others
/// are hashed. An unreadable piece is reported and the rest goes on. Returns when all is done, or
/// soon after a stop is requested: within the reading of one tile a thread, or of what is being
/// read ahead.
PieceRunEnd hash_pieces(const Hasher& hasher, const PieceRun& run, PieceSource& source,
                        const PieceResultSink& sink, PieceProgress& progress, std::stop_token stop);

/// What pieces should have, by piece index. Empty: not looked at, and not computed.
struct ExpectedDigests {
    std::span<const Sha1Digest> sha1;
    std::span<const Sha256Digest> roots;
};

/// What is known of the piece is as expected.
bool matches(const PieceDigests& digests, const ExpectedDigests& expected, PieceIndex piece);

/// What a check found out. Lists are in the order of piece indices.
struct VerifyReport {
    PieceRunEnd end = PieceRunEnd::completed;
    std::vector<PieceIndex> good;
    /// One of its digests isn't what was expected.
    std::vector<PieceIndex> bad;
    std::vector<PieceResult> unreadable;
};

/// Compares each piece of the run with what is expected of it, which also decides on
/// run.digests.
VerifyReport verify_pieces(const Hasher& hasher, PieceRun run, const ExpectedDigests& expected,
                           PieceSource& source, PieceProgress& progress, std::stop_token stop);

}  // namespace spate::hashing
