#pragma once
// hashing/batch_pipeline.hpp: three steps over batches of pieces, run by TBB.
#include <cstddef>

namespace spate::hashing {

class PieceBatch;

/// What a pipeline does with its batches. One call of next_batch and one of take_results at a time;
/// of process as many as there are tokens.
class BatchSteps {
public:
    BatchSteps() = default;
    BatchSteps(const BatchSteps&) = delete;
    BatchSteps& operator=(const BatchSteps&) = delete;

    /// Null after the last.
    virtual PieceBatch* next_batch() = 0;
    virtual void process(PieceBatch& batch) = 0;
    /// In any order.
    virtual void take_results(PieceBatch& batch) = 0;

protected:
    ~BatchSteps() = default;
};

/// Hand out batches in order | process them, in parallel | take the results, on the threads of the
/// caller's arena. At most `tokens` batches are on their way. Returns after the last results.
void run_pipeline(BatchSteps& steps, std::size_t tokens);

}  // namespace spate::hashing
