// Compiled without ThreadSanitizer: it can't see the order that the uninstrumented TBB library
// makes between the thread that builds the filters and the workers that find them, and would report
// the filters themselves. There is nothing else here.
#include "hashing/batch_pipeline.hpp"

#include <oneapi/tbb/parallel_pipeline.h>

namespace spate::hashing {

namespace flow = oneapi::tbb;

void run_pipeline(BatchSteps& steps, std::size_t tokens) {
    flow::parallel_pipeline(
        tokens, flow::make_filter<void, PieceBatch*>(flow::filter_mode::serial_in_order,
                                                     [&steps](flow::flow_control& control) {
                                                         PieceBatch* const batch =
                                                             steps.next_batch();
                                                         if (batch == nullptr) control.stop();
                                                         return batch;
                                                     }) &
                    flow::make_filter<PieceBatch*, PieceBatch*>(flow::filter_mode::parallel,
                                                                [&steps](PieceBatch* batch) {
                                                                    steps.process(*batch);
                                                                    return batch;
                                                                }) &
                    flow::make_filter<PieceBatch*, void>(
                        flow::filter_mode::serial_out_of_order,
                        [&steps](PieceBatch* batch) { steps.take_results(*batch); }));
}

}  // namespace spate::hashing
