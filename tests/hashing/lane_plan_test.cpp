#include "hashing/lane_plan.hpp"

#include <array>
#include <vector>

#include <gtest/gtest.h>

using namespace spate::hashing;

namespace {

/// Counts, in the first word of each lane, the calls that advanced it.
template <unsigned Lanes>
void count_calls(std::uint32_t* state, const std::byte* const*, std::size_t blocks) {
    for (unsigned lane = 0; lane < Lanes; ++lane) state[lane] += static_cast<std::uint32_t>(blocks);
}

constexpr LanePlan::Choice one{count_calls<1>, 1, 40};
constexpr LanePlan::Choice eight{count_calls<8>, 8, 100};
constexpr LanePlan::Choice sixteen{count_calls<16>, 16, 150};

}  // namespace

TEST(LanePlan, TakesTheNarrowKernelWhileItIsCheaper) {
    const LanePlan plan(std::array{sixteen, eight, one});
    EXPECT_EQ(plan.first_call_lanes(1), 1U);
    EXPECT_EQ(plan.first_call_lanes(2), 1U);
    EXPECT_EQ(plan.first_call_lanes(3), 8U);
    EXPECT_EQ(plan.first_call_lanes(8), 8U);
    EXPECT_EQ(plan.first_call_lanes(9), 8U) << "8 and 1 cost 140, less than 150";
    EXPECT_EQ(plan.first_call_lanes(10), 16U);
    EXPECT_EQ(plan.first_call_lanes(16), 16U);
}

TEST(LanePlan, AdvancesEveryBusyLaneOnce) {
    const std::vector<std::vector<LanePlan::Choice>> sets = {
        {one}, {eight}, {sixteen}, {eight, one}, {sixteen, eight, one}};
    for (const auto& choices : sets) {
        const LanePlan plan(choices);
        for (unsigned busy = 1; busy <= lanes_max; ++busy) {
            std::array<std::uint32_t, lanes_max> state{};
            std::array<const std::byte*, lanes_max> data{};
            plan.advance(state.data(), data.data(), busy, 3);
            for (unsigned lane = 0; lane < busy; ++lane) EXPECT_EQ(state[lane], 3U);
        }
    }
}
