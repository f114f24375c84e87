#include "hashing/verify_pipeline.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include "engine/base/assert.hpp"

namespace spate::hashing {
namespace {

/// Tiles lie this much further apart than they are long. Sixteen lanes advance side by side, and
/// were they a multiple of 4 KiB apart, their lines would all meet in the same sets of the L1
/// cache.
constexpr std::size_t stagger_bytes = 256;

/// Asserts that one thread at a time is inside. TBB promises that; said in atomics, our assumption
/// trips if it's wrong, and ThreadSanitizer, which can't see into the TBB library, follows the
/// order.
class Turn {
public:
    explicit Turn(std::atomic<bool>& taken) : taken_(taken) {
        SPATE_ASSERT(!taken_.exchange(true, std::memory_order_acquire));
    }
    ~Turn() { taken_.store(false, std::memory_order_release); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

private:
    std::atomic<bool>& taken_;
};

/// Up to sixteen pieces on their way through the pipeline, and the tiles they are read into.
/// Belongs to one stage at a time.
class PieceBatch {
public:
    explicit PieceBatch(std::size_t tile_bytes)
        : tile_bytes_(tile_bytes),
          tiles_(std::make_unique_for_overwrite<std::byte[]>(batch_bytes(tile_bytes))) {}

    static std::size_t batch_bytes(std::size_t tile_bytes) {
        return (tile_bytes + stagger_bytes) * lanes_max;
    }

    /// Whose turn it is: held by each stage while it has the batch.
    std::atomic<bool>& taken() { return taken_; }

    void start(const PieceRun& run, std::span<const PieceIndex> pieces) {
        count_ = pieces.size();
        active_.clear();
        for (std::size_t i = 0; i < count_; ++i) {
            const std::uint64_t offset = std::uint64_t{pieces[i].value} * run.piece_length_bytes;
            SPATE_ASSERT(offset < run.total_bytes);
            results_[i] = PieceResult{.piece = pieces[i]};
            streams_[i] = Sha1Stream{};
            at_[i] = offset;
            end_[i] = std::min(offset + run.piece_length_bytes, run.total_bytes);
            active_.push_back(i);
        }
    }

    /// Reads and hashes to the end of all pieces; false when stopped before.
    bool process(const Hasher& hasher, const PieceReader& reader, PieceProgress& progress,
                 const std::stop_token& stop) {
        while (!active_.empty()) {
            if (stop.stop_requested()) return false;
            std::erase_if(active_, [&](std::size_t i) { return !read_tile(i, reader); });
            // Only the torrent's last piece can be shorter than its lane-mates.
            const auto ending =
                std::ranges::partition(active_, [&](std::size_t i) { return at_[i] < end_[i]; });
            hash_tiles(hasher, std::span(active_.begin(), ending.begin()), false);
            hash_tiles(hasher, std::span(ending), true);
            for (const std::size_t i : active_) {
                progress.bytes.fetch_add(tile_[i].size(), std::memory_order_relaxed);
            }
            active_.erase(ending.begin(), ending.end());
        }
        return true;
    }

    /// Forgets pieces that won't be finished.
    void drop() { count_ = 0; }

    std::span<const PieceResult> results() const { return std::span(results_).first(count_); }

private:
    /// The next tile of piece `i`; false when it can't be read, noted in its result.
    bool read_tile(std::size_t i, const PieceReader& reader) {
        const std::size_t want =
            static_cast<std::size_t>(std::min<std::uint64_t>(tile_bytes_, end_[i] - at_[i]));
        const MutableBytes tile(tiles_.get() + i * (tile_bytes_ + stagger_bytes), want);
        for (std::size_t got = 0; got < want;) {
            const auto read = reader(at_[i] + got, tile.subspan(got));
            if (!read || *read == 0) {
                results_[i].error = read ? 0 : read.error();
                results_[i].error_offset_bytes = at_[i] + got;
                return false;
            }
            SPATE_ASSERT(*read <= want - got);
            got += *read;
        }
        at_[i] += want;
        tile_[i] = tile;
        return true;
    }

    void hash_tiles(const Hasher& hasher, std::span<const std::size_t> lanes, bool last) {
        std::array<Sha1Stream, lanes_max> streams;
        std::array<Bytes, lanes_max> parts;
        std::array<Sha1Digest, lanes_max> digests;
        const std::size_t count = lanes.size();
        for (std::size_t l = 0; l < count; ++l) {
            streams[l] = streams_[lanes[l]];
            parts[l] = tile_[lanes[l]];
        }
        const auto all_streams = std::span(streams).first(count);
        const auto all_parts = std::span(parts).first(count);
        if (last) {
            hasher.finish(all_streams, all_parts, std::span(digests).first(count));
        } else {
            hasher.advance(all_streams, all_parts);
        }
        for (std::size_t l = 0; l < count; ++l) {
            streams_[lanes[l]] = streams[l];
            if (!last) continue;
            results_[lanes[l]].readable = true;
            results_[lanes[l]].digest = digests[l];
        }
    }

    std::atomic<bool> taken_{false};
    std::size_t tile_bytes_;
    std::unique_ptr<std::byte[]> tiles_;
    std::size_t count_ = 0;
    std::vector<std::size_t> active_;  // of the first count_, those not yet through
    std::array<PieceResult, lanes_max> results_;
    std::array<Sha1Stream, lanes_max> streams_;
    std::array<std::uint64_t, lanes_max> at_;   // the next byte to read
    std::array<std::uint64_t, lanes_max> end_;  // the byte behind the piece
    std::array<Bytes, lanes_max> tile_;         // what was read last
};

/// One batch more than threads, so that none waits while another's results are taken.
std::size_t batches_of(const PieceRun& run) {
    return run.threads + 1;
}

/// The pipeline of one call of `hash_pieces`: hand out batches in order | read and hash, in
/// parallel | take the results. Its tokens are the batches, made once.
class PiecePipeline {
public:
    PiecePipeline(const Hasher& hasher, const PieceRun& run, const PieceReader& reader,
                  const PieceResultSink& sink, PieceProgress& progress, std::stop_token stop)
        : hasher_(hasher),
          run_(run),
          reader_(reader),
          sink_(sink),
          progress_(progress),
          stop_(std::move(stop)) {
        for (std::size_t i = 0; i < batches_of(run); ++i) {
            batches_.push_back(std::make_unique<PieceBatch>(run.tile_bytes));
            free_.push_back(batches_.back().get());
        }
    }

    PieceRunEnd run() {
        namespace flow = oneapi::tbb;
        {
            const Turn before_the_first_start(handing_out_);
        }
        flow::parallel_pipeline(
            batches_.size(),
            flow::make_filter<void, PieceBatch*>(
                flow::filter_mode::serial_in_order,
                [this](flow::flow_control& control) { return next_batch(control); }) &
                flow::make_filter<PieceBatch*, PieceBatch*>(
                    flow::filter_mode::parallel,
                    [this](PieceBatch* batch) { return process(batch); }) &
                flow::make_filter<PieceBatch*, void>(
                    flow::filter_mode::serial_out_of_order,
                    [this](PieceBatch* batch) { take_results(batch); }));
        const Turn after_the_last_start(handing_out_);
        const Turn after_the_last_results(taking_results_);
        return cancelled_ ? PieceRunEnd::cancelled : PieceRunEnd::completed;
    }

private:
    PieceBatch* next_batch(oneapi::tbb::flow_control& control) {
        const Turn turn(handing_out_);
        if (next_ == run_.pieces.size() || stop_.stop_requested()) {
            if (next_ < run_.pieces.size()) cancelled_ = true;
            control.stop();
            return nullptr;
        }
        const std::size_t count = std::min<std::size_t>(lanes_max, run_.pieces.size() - next_);
        PieceBatch* const batch = take_free();
        const Turn batch_turn(batch->taken());
        batch->start(run_, run_.pieces.subspan(next_, count));
        next_ += count;
        return batch;
    }

    PieceBatch* process(PieceBatch* batch) {
        const Turn batch_turn(batch->taken());
        if (!batch->process(hasher_, reader_, progress_, stop_)) {
            cancelled_ = true;
            batch->drop();
        }
        return batch;
    }

    void take_results(PieceBatch* batch) {
        const Turn turn(taking_results_);
        {
            const Turn batch_turn(batch->taken());
            if (!batch->results().empty()) sink_(batch->results());
        }
        const std::lock_guard lock(free_mutex_);
        free_.push_back(batch);
    }

    /// The batch used last: its tiles are still in a cache.
    PieceBatch* take_free() {
        const std::lock_guard lock(free_mutex_);
        SPATE_ASSERT(!free_.empty());  // as many batches as tokens
        PieceBatch* const batch = free_.back();
        free_.pop_back();
        return batch;
    }

    const Hasher& hasher_;
    const PieceRun& run_;
    const PieceReader& reader_;
    const PieceResultSink& sink_;
    PieceProgress& progress_;
    std::stop_token stop_;
    std::size_t next_ = 0;
    std::atomic<bool> cancelled_{false};
    std::vector<std::unique_ptr<PieceBatch>> batches_;
    std::mutex free_mutex_;
    std::vector<PieceBatch*> free_;
    std::atomic<bool> handing_out_{false};
    std::atomic<bool> taking_results_{false};
};

}  // namespace

std::size_t buffer_bytes_max(const PieceRun& run) {
    return batches_of(run) * PieceBatch::batch_bytes(run.tile_bytes);
}

PieceRunEnd hash_pieces(const Hasher& hasher, const PieceRun& run, const PieceReader& reader,
                        const PieceResultSink& sink, PieceProgress& progress,
                        std::stop_token stop) {
    SPATE_ASSERT(run.piece_length_bytes > 0 && run.threads > 0);
    SPATE_ASSERT(run.tile_bytes > 0 && run.tile_bytes % sha_block_bytes == 0);
    PiecePipeline pipeline(hasher, run, reader, sink, progress, std::move(stop));
    const int useful =
        std::min(static_cast<int>(run.threads), oneapi::tbb::info::default_concurrency());
    oneapi::tbb::task_arena arena(useful);
    return arena.execute([&] { return pipeline.run(); });
}

VerifyReport verify_pieces(const Hasher& hasher, const PieceRun& run,
                           std::span<const Sha1Digest> expected, const PieceReader& reader,
                           PieceProgress& progress, std::stop_token stop) {
    VerifyReport report;
    const PieceResultSink sink = [&](std::span<const PieceResult> results) {
        for (const PieceResult& result : results) {
            if (!result.readable) {
                report.unreadable.push_back(result);
            } else {
                SPATE_ASSERT(result.piece.value < expected.size());
                const bool good = result.digest == expected[result.piece.value];
                (good ? report.good : report.bad).push_back(result.piece);
            }
        }
    };
    report.end = hash_pieces(hasher, run, reader, sink, progress, std::move(stop));
    std::ranges::sort(report.good);
    std::ranges::sort(report.bad);
    std::ranges::sort(report.unreadable, {}, &PieceResult::piece);
    return report;
}

}  // namespace spate::hashing
