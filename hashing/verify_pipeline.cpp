#include "hashing/verify_pipeline.hpp"

#include <algorithm>
#include <bit>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include <oneapi/tbb/info.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_scheduler_observer.h>

#include "engine/base/assert.hpp"
#include "hashing/batch_pipeline.hpp"
#include "hashing/merkle.hpp"
#include "hashing/piece_batch.hpp"

namespace spate::hashing {
namespace {

namespace flow = oneapi::tbb;

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

/// Makes the threads that work in an arena nice. Only a privileged process may take that back, so
/// nobody tries.
class StepBack : public flow::task_scheduler_observer {
public:
    explicit StepBack(flow::task_arena& arena) : flow::task_scheduler_observer(arena) {
        observe(true);
    }
    StepBack(const StepBack&) = delete;
    StepBack& operator=(const StepBack&) = delete;
    ~StepBack() override { observe(false); }

    void on_scheduler_entry(bool) override {
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), background_nice);
    }
};

unsigned useful_threads(const PieceRun& run) {
    return std::min(run.threads, static_cast<unsigned>(flow::info::default_concurrency()));
}

/// One batch more than threads, so that none waits while another's results are taken.
std::size_t tokens_of(const PieceRun& run) {
    return useful_threads(run) + 1;
}

/// The pipeline of one call of `hash_pieces`: hand out batches in order | read and hash | take the
/// results.
class PiecePipeline final : BatchSteps {
public:
    PiecePipeline(const Hasher& hasher, const PieceRun& run, PieceSource& source,
                  const PieceResultSink& sink, PieceProgress& progress, std::stop_token stop)
        : hasher_(hasher), run_(run), sink_(sink), progress_(progress), stop_(std::move(stop)) {
        for (std::size_t i = 0; i < tokens_of(run) + batches_ahead; ++i) {
            batches_.push_back(std::make_unique<PieceBatch>(run, source));
            free_.push_back(batches_.back().get());
        }
    }

    PieceRunEnd run() {
        {
            const Turn before_the_first_start(handing_out_);
        }
        run_pipeline(*this, tokens_of(run_));
        const Turn after_the_last_start(handing_out_);
        const Turn after_the_last_results(taking_results_);
        return cancelled_ ? PieceRunEnd::cancelled : PieceRunEnd::completed;
    }

private:
    PieceBatch* next_batch() override {
        const Turn turn(handing_out_);
        if (stop_.stop_requested()) {
            if (!started_.empty() || next_ < run_.pieces.size()) cancelled_ = true;
            return nullptr;
        }
        while (started_.size() <= batches_ahead && next_ < run_.pieces.size()) start_batch();
        if (started_.empty()) return nullptr;
        PieceBatch* const batch = started_.front();
        started_.pop_front();
        return batch;
    }

    void start_batch() {
        PieceBatch* const batch = take_free();
        const Turn batch_turn(batch->taken());
        next_ += batch->start(run_.pieces.subspan(next_));
        started_.push_back(batch);
    }

    void process(PieceBatch& batch) override {
        const Turn batch_turn(batch.taken());
        auto bench = take_bench();
        if (!batch.process(*bench, progress_, stop_)) {
            cancelled_ = true;
            batch.drop();
        }
        const std::lock_guard lock(mutex_);
        benches_.push_back(std::move(bench));
    }

    void take_results(PieceBatch& batch) override {
        const Turn turn(taking_results_);
        {
            const Turn batch_turn(batch.taken());
            if (!batch.results().empty()) sink_(batch.results());
        }
        const std::lock_guard lock(mutex_);
        free_.push_back(&batch);
    }

    PieceBatch* take_free() {
        const std::lock_guard lock(mutex_);
        SPATE_ASSERT(!free_.empty());  // as many batches as tokens and batches_ahead
        PieceBatch* const batch = free_.back();
        free_.pop_back();
        return batch;
    }

    /// The one used last: its tiles are still in a cache. As many are made as there are threads.
    std::unique_ptr<Workbench> take_bench() {
        const std::lock_guard lock(mutex_);
        if (benches_.empty()) return std::make_unique<Workbench>(hasher_, run_);
        auto bench = std::move(benches_.back());
        benches_.pop_back();
        return bench;
    }

    const Hasher& hasher_;
    const PieceRun& run_;
    const PieceResultSink& sink_;
    PieceProgress& progress_;
    std::stop_token stop_;
    std::size_t next_ = 0;
    std::atomic<bool> cancelled_{false};
    std::vector<std::unique_ptr<PieceBatch>> batches_;
    std::deque<PieceBatch*> started_;  // their reads have begun if they are cold
    std::mutex mutex_;                 // of the two below
    std::vector<PieceBatch*> free_;
    std::vector<std::unique_ptr<Workbench>> benches_;
    std::atomic<bool> handing_out_{false};
    std::atomic<bool> taking_results_{false};
};

template <class Digest>
bool is_expected(const std::optional<Digest>& digest, std::span<const Digest> expected,
                 PieceIndex piece) {
    if (expected.empty()) return true;
    SPATE_ASSERT(piece.value < expected.size());
    return digest == expected[piece.value];
}

}  // namespace

std::function<PieceExtent(PieceIndex)> equal_extents(std::uint32_t piece_length_bytes,
                                                     std::uint64_t total_bytes) {
    SPATE_ASSERT(piece_length_bytes > 0);
    const std::uint32_t leaves =
        std::bit_ceil(std::max<std::uint32_t>(piece_length_bytes / leaf_bytes, 1));
    return [=](PieceIndex piece) {
        const std::uint64_t offset = std::uint64_t{piece.value} * piece_length_bytes;
        SPATE_ASSERT(offset < total_bytes);
        const auto size = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(piece_length_bytes, total_bytes - offset));
        return PieceExtent{offset, size, size, leaves};
    };
}

std::size_t buffer_bytes_max(const PieceRun& run) {
    return useful_threads(run) * Workbench::tiles_bytes(run.tile_bytes);
}

PieceRunEnd hash_pieces(const Hasher& hasher, const PieceRun& run, PieceSource& source,
                        const PieceResultSink& sink, PieceProgress& progress,
                        std::stop_token stop) {
    SPATE_ASSERT(run.threads > 0 && (run.digests.sha1 || run.digests.root));
    SPATE_ASSERT(run.tile_bytes > 0 && PieceBatch::round_bytes % run.tile_bytes == 0);
    SPATE_ASSERT(run.tile_bytes % (run.digests.root ? leaf_bytes : sha_block_bytes) == 0);
    PiecePipeline pipeline(hasher, run, source, sink, progress, std::move(stop));
    using enum flow::task_arena::priority;
    flow::task_arena arena(static_cast<int>(useful_threads(run)), 1, run.background ? low : normal);
    std::optional<StepBack> step_back;
    if (run.background) step_back.emplace(arena);
    return arena.execute([&] { return pipeline.run(); });
}

bool matches(const PieceDigests& digests, const ExpectedDigests& expected, PieceIndex piece) {
    return is_expected(digests.sha1, expected.sha1, piece) &&
           is_expected(digests.root, expected.roots, piece);
}

VerifyReport verify_pieces(const Hasher& hasher, PieceRun run, const ExpectedDigests& expected,
                           PieceSource& source, PieceProgress& progress, std::stop_token stop) {
    run.digests = {.sha1 = !expected.sha1.empty(), .root = !expected.roots.empty()};
    VerifyReport report;
    if (run.pieces.empty()) return report;
    const PieceResultSink sink = [&](std::span<const PieceResult> results) {
        for (const PieceResult& result : results) {
            if (!result.readable) {
                report.unreadable.push_back(result);
                continue;
            }
            const bool good = matches(result.digests, expected, result.piece);
            (good ? report.good : report.bad).push_back(result.piece);
        }
    };
    report.end = hash_pieces(hasher, run, source, sink, progress, std::move(stop));
    std::ranges::sort(report.good);
    std::ranges::sort(report.bad);
    std::ranges::sort(report.unreadable, {}, &PieceResult::piece);
    return report;
}

}  // namespace spate::hashing
