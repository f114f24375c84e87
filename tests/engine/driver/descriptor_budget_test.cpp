#include "engine/driver/descriptor_budget.hpp"

#include <gtest/gtest.h>

namespace spate::driver {
namespace {

TEST(DescriptorBudget, WhatAllCoresMayOpenIsLessThanTheLimitByTheReserve) {
    for (const std::uint64_t limit : {700, 1'024, 4'096, 65'536, 1'048'576})
        for (const std::uint64_t cores : {1, 2, 3, 16, 64})
            for (const std::uint64_t peers_max : {1, 50, 200, 5'000, 100'000}) {
                const auto budget = DescriptorBudget::of_core(limit, cores, peers_max);
                const std::uint64_t taken =
                    cores * (budget.connections + DescriptorBudget::per_file * budget.open_files);
                // Where there is little for each, the least that a core works with adds up.
                const std::uint64_t least =
                    cores * (DescriptorBudget::connections_min +
                             DescriptorBudget::per_file * DescriptorBudget::open_files_min);
                EXPECT_LE(taken, std::max(least, limit - DescriptorBudget::reserved))
                    << limit << ' ' << cores << ' ' << peers_max;
            }
}

TEST(DescriptorBudget, ACoreHasNoMoreConnectionsThanFourTimesATorrentsPeers) {
    EXPECT_EQ(DescriptorBudget::of_core(1'048'576, 2, 200).connections, 800U);
    EXPECT_EQ(DescriptorBudget::of_core(1'048'576, 2, 0).connections,
              DescriptorBudget::connections_min);
}

TEST(DescriptorBudget, WithTheUsualLimitAndManyCoresEachHasItsPart) {
    const auto budget = DescriptorBudget::of_core(1'024, 16, 5'000);
    EXPECT_EQ(budget.connections, 512U / 16);
    EXPECT_EQ(budget.open_files, 256U / 16 / 2);
}

}  // namespace
}  // namespace spate::driver
