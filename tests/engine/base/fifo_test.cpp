#include "engine/base/fifo.hpp"

#include <deque>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"

using namespace spate;

TEST(Fifo, WhatCameFirstLeavesFirst) {
    Fifo<int> queue;
    for (int i = 0; i < 3; ++i) queue.push_back(i);
    queue.pop_front();
    queue.push_back(3);
    EXPECT_EQ(std::vector<int>(queue.begin(), queue.end()), (std::vector{1, 2, 3}));
    queue.erase(queue.begin() + 1);
    EXPECT_EQ(std::vector<int>(queue.begin(), queue.end()), (std::vector{1, 3}));
    queue.clear();
    EXPECT_TRUE(queue.empty());
    queue.release();
    queue.push_back(9);
    EXPECT_EQ(queue.front(), 9);
}

TEST(Fifo, BehavesAsADequeDoes) {
    Prng random(1);
    Fifo<std::uint64_t> queue;
    std::deque<std::uint64_t> model;
    for (int step = 0; step < 10'000; ++step) {
        const std::uint64_t choice = random() % 5;
        if (choice < 2 || model.empty()) {
            queue.push_back(static_cast<std::uint64_t>(step));
            model.push_back(static_cast<std::uint64_t>(step));
        } else if (choice < 4) {
            queue.pop_front();
            model.pop_front();
        } else {
            const auto at = static_cast<std::ptrdiff_t>(random() % model.size());
            queue.erase(queue.begin() + at);
            model.erase(model.begin() + at);
        }
        ASSERT_TRUE(std::equal(queue.begin(), queue.end(), model.begin(), model.end()));
    }
}

TEST(Fifo, ErasesWhatIsUnwantedAndKeepsTheOrder) {
    Fifo<int> queue;
    for (int i = 0; i < 10; ++i) queue.push_back(i);
    queue.pop_front();
    queue.erase_if([](int entry) { return entry % 2 == 0; });
    EXPECT_EQ(std::vector<int>(queue.begin(), queue.end()), (std::vector<int>{1, 3, 5, 7, 9}));
    queue.erase_if([](int) { return true; });
    EXPECT_TRUE(queue.empty());
    queue.push_back(11);
    EXPECT_EQ(queue.front(), 11);
}
