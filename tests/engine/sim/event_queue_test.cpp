#include "engine/sim/event_queue.hpp"

#include <gmock/gmock.h>
#include <vector>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::sim;
using testing::ElementsAre;

TEST(EventQueue, RunsEventsInTheOrderOfTimeThenOfScheduling) {
    EventQueue queue;
    std::vector<int> order;
    const Time start = queue.now();
    for (const auto& [after, name] : {std::pair{2s, 1}, {1s, 2}, {2s, 3}, {1s, 4}})
        queue.schedule(start + after, {}, [&order, name = name] { order.push_back(name); });
    while (queue.run_next(start + 10s)) {
    }
    EXPECT_THAT(order, ElementsAre(2, 4, 1, 3));
    EXPECT_EQ(queue.now(), start + 2s);
}

TEST(EventQueue, LeavesWhatLiesBehindTheDeadline) {
    EventQueue queue;
    queue.schedule_in(2s, {}, [] {});
    EXPECT_FALSE(queue.run_next(queue.now() + 1s));
    EXPECT_TRUE(queue.run_next(queue.now() + 2s));
}

TEST(EventQueue, TraceHashTellsRunsApartByTimeAndTag) {
    const auto hash_of = [](Duration delay, std::uint64_t size) {
        EventQueue queue;
        queue.schedule_in(delay, {EventKind::received, 1, 2, size}, [] {});
        queue.run_next(queue.now() + 1h);
        return queue.trace_hash();
    };
    EXPECT_EQ(hash_of(1s, 7), hash_of(1s, 7));
    EXPECT_NE(hash_of(1s, 7), hash_of(1s, 8));
    EXPECT_NE(hash_of(1s, 7), hash_of(2s, 7));
}
