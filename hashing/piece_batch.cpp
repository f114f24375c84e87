#include "hashing/piece_batch.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/assert.hpp"

namespace spate::hashing {
namespace {

/// Tiles lie this much further apart than they are long. Sixteen lanes advance side by side, and
/// were they a multiple of 4 KiB apart, their lines would all meet in the same sets of the L1
/// cache.
constexpr std::size_t stagger_bytes = 256;

}  // namespace

// --- The workbench

Workbench::Workbench(const Hasher& hasher, const PieceRun& run)
    : lanes_(hasher, run.digests),
      tile_bytes_(run.tile_bytes),
      tiles_(std::make_unique_for_overwrite<std::byte[]>(tiles_bytes(run.tile_bytes))) {}

std::size_t Workbench::tiles_bytes(std::size_t tile_bytes) {
    return (tile_bytes + stagger_bytes) * pieces_abreast;
}

MutableBytes Workbench::tile(std::size_t lane) const {
    return {tiles_.get() + lane * (tile_bytes_ + stagger_bytes), tile_bytes_};
}

// --- What is read ahead

std::size_t PieceBatch::start(std::span<const PieceIndex> rest) {
    const std::size_t hot_count = std::min<std::size_t>(pieces_abreast, rest.size());
    take(rest.first(hot_count));
    plan(current_, 0, ~std::uint64_t{0});
    cold_ = source_.is_cold(current_.ranges);
    if (!cold_) return hot_count;
    const std::size_t count = cold_count(rest);
    take(rest.first(count));
    std::uint64_t longest = 0;
    for (const PieceExtent& piece : extents_)
        longest = std::max<std::uint64_t>(longest, piece.size_bytes);
    rounds_ = (longest + round_bytes - 1) / round_bytes;
    begin_round(current_, 0, PieceSource::Patience::at_once);
    return count;
}

void PieceBatch::take(std::span<const PieceIndex> pieces) {
    extents_.clear();
    results_.clear();
    for (const PieceIndex piece : pieces) {
        extents_.push_back(run_.extent_of(piece));
        results_.push_back({.piece = piece});
    }
}

/// As many pieces as one round may hold: more than there are lanes only if one round is all.
std::size_t PieceBatch::cold_count(std::span<const PieceIndex> rest) const {
    std::uint64_t bytes = 0;
    std::size_t count_max = std::min(pieces_max, rest.size());
    for (std::size_t count = 0; count < count_max; ++count) {
        const PieceExtent piece = run_.extent_of(rest[count]);
        bytes += std::min<std::uint64_t>(piece.size_bytes, round_bytes);
        if (bytes > PieceSource::read_ahead_bytes_max) return count;
        if (piece.size_bytes <= round_bytes) continue;
        if (count >= pieces_abreast) return count;
        count_max = std::min<std::size_t>(count_max, pieces_abreast);
    }
    return count_max;
}

/// The ranges of round `number` if a round takes `size_bytes` of each piece.
void PieceBatch::plan(Round& round, std::uint64_t number, std::uint64_t size_bytes) const {
    round.number = number;
    round.ranges.clear();
    round.range_of.clear();
    for (const PieceExtent& piece : extents_) {
        const std::uint64_t begin = std::min<std::uint64_t>(number * size_bytes, piece.size_bytes);
        const std::uint64_t size = std::min<std::uint64_t>(size_bytes, piece.size_bytes - begin);
        const std::uint64_t offset = piece.offset_bytes + begin;
        const bool follows = !round.ranges.empty() && round.ranges.back().end() == offset;
        if (follows)
            round.ranges.back().size_bytes += size;
        else if (size > 0)
            round.ranges.push_back({offset, size});
        round.range_of.push_back(round.ranges.size() - 1);  // of no meaning when size is 0
    }
}

void PieceBatch::begin_round(Round& round, std::uint64_t number, PieceSource::Patience patience) {
    plan(round, number, round_bytes);
    round.reads = source_.read_ahead(round.ranges, patience);
}

/// Makes round `number` the current one and begins the one behind it.
void PieceBatch::turn_to(std::uint64_t number) {
    if (current_.number != number) {
        current_.reads.reset();
        std::swap(current_, next_);
        SPATE_ASSERT(current_.number == number);
    }
    // Waiting only with empty hands: what others wait for is never held by one that waits.
    if (!current_.reads) begin_round(current_, number, PieceSource::Patience::waits);
    cold_ = current_.reads != nullptr;
    if (cold_ && number + 1 < rounds_)
        begin_round(next_, number + 1, PieceSource::Patience::at_once);
}

/// The bytes if they were read ahead, else none.
Bytes PieceBatch::loaded(std::size_t piece, ByteRange part) {
    if (!cold_) return {};
    const std::uint64_t round = (part.offset_bytes - extents_[piece].offset_bytes) / round_bytes;
    if (round != current_.number) turn_to(round);
    if (!cold_) return {};
    const std::size_t range = current_.range_of[piece];
    const Bytes bytes = current_.reads->wait(range);
    if (bytes.empty()) return {};
    return bytes.subspan(part.offset_bytes - current_.ranges[range].offset_bytes, part.size_bytes);
}

void PieceBatch::drop() {
    extents_.clear();
    results_.clear();
    current_.reads.reset();
    next_.reads.reset();
}

// --- Hashing

bool PieceBatch::process(Workbench& bench, PieceProgress& progress, const std::stop_token& stop) {
    if (stop.stop_requested()) return false;
    if (cold_) turn_to(0);
    bool finished = true;
    for (std::size_t first = 0; finished && first < extents_.size(); first += pieces_abreast)
        finished = process_lanes(first, bench, progress, stop);
    current_.reads.reset();
    next_.reads.reset();
    return finished;
}

bool PieceBatch::process_lanes(std::size_t first, Workbench& bench, PieceProgress& progress,
                               const std::stop_token& stop) {
    PieceLanes& lanes = bench.lanes();
    const std::size_t count = std::min<std::size_t>(pieces_abreast, extents_.size() - first);
    lanes.start(std::span(extents_).subspan(first, count));
    std::array<Bytes, pieces_abreast> parts;
    while (!lanes.active().empty()) {
        if (stop.stop_requested()) return false;
        std::uint64_t bytes = 0;
        const std::vector<std::size_t> active(lanes.active().begin(), lanes.active().end());
        for (const std::size_t lane : active) {
            const auto part = next_part(first, lane, bench);
            if (!part) {
                lanes.drop(lane);
                continue;
            }
            parts[lane] = *part;
            bytes += part->size();
        }
        lanes.advance(parts);
        progress.bytes.fetch_add(bytes, std::memory_order_relaxed);
    }
    for (std::size_t lane = 0; lane < count; ++lane) {
        PieceResult& result = results_[first + lane];
        result.digests = lanes.digests(lane);
        result.readable = result.digests.sha1 || result.digests.root;
    }
    return true;
}

/// The lane's next bytes; nothing when they can't be read, noted in the result.
std::optional<Bytes> PieceBatch::next_part(std::size_t first, std::size_t lane, Workbench& bench) {
    const PieceLanes& lanes = bench.lanes();
    const std::uint64_t offset = lanes.next_offset(lane);
    const std::uint64_t size = std::min<std::uint64_t>(run_.tile_bytes, lanes.bytes_left(lane));
    if (const Bytes ready = loaded(first + lane, {offset, size}); !ready.empty()) return ready;
    const MutableBytes tile = bench.tile(lane).first(size);
    if (!read_tile(first + lane, offset, tile)) return std::nullopt;
    return tile;
}

bool PieceBatch::read_tile(std::size_t piece, std::uint64_t offset_bytes, MutableBytes tile) {
    for (std::size_t got = 0; got < tile.size();) {
        const auto read = source_.read(offset_bytes + got, tile.subspan(got));
        if (!read || *read == 0) {
            results_[piece].error = read ? 0 : read.error();
            results_[piece].error_offset_bytes = offset_bytes + got;
            return false;
        }
        SPATE_ASSERT(*read <= tile.size() - got);
        got += *read;
    }
    return true;
}

}  // namespace spate::hashing
