// The availability counters under every interleaving of their atomic steps.
#include <array>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "engine/swarm/availability.hpp"
#include "tests/engine/swarm/model.hpp"

namespace spate::swarm {
namespace {

constexpr std::uint32_t piece_count = 2;
constexpr PieceIndex first{0};
constexpr PieceIndex second{1};
/// Counts where core 0 counts, as there are so many shards.
constexpr CoreIndex shares_with_0{BasicAvailability<ModelAtomics>::shards_max};

Bitfield having(std::initializer_list<std::uint32_t> pieces) {
    Bitfield have(piece_count);
    for (const std::uint32_t piece : pieces) have.set(piece);
    return have;
}

struct AvailabilityModel : testing::Test {
    using Shared = BasicAvailability<ModelAtomics>;
    using Counter = ModelAtomic<std::uint16_t>;
    static constexpr std::size_t threads_max = 3;

    AvailabilityModel() {
        Model::current() = &model;
        availability = std::make_unique<Shared>(piece_count);
        for (std::size_t thread = 0; thread < threads_max; ++thread)
            for (std::size_t number = 0; number < 2; ++number) {
                arrays.push_back(std::make_unique<Counter[]>(piece_count));
                model.give_array(thread, number, arrays.back().get());
            }
    }
    ~AvailabilityModel() override {
        availability.reset();
        Model::current() = nullptr;
    }

    /// At every end the counters are the sum of the bitfields that the peers have then; on the way
    /// no counter is above what was ever added to it.
    void explore(const std::vector<Model::Program>& programs, std::array<std::uint32_t, 2> at_end,
                 std::array<std::uint32_t, 2> most) {
        model.explore(
            programs,
            [&] {
                EXPECT_LE(availability->count(first), most[0]);
                EXPECT_LE(availability->count(second), most[1]);
            },
            [&] {
                EXPECT_EQ(availability->count(first), at_end[0]);
                EXPECT_EQ(availability->count(second), at_end[1]);
            });
        EXPECT_GT(model.ends(), 0U);
        RecordProperty("states", static_cast<int>(model.states()));
    }

    Model model;
    std::vector<std::unique_ptr<Counter[]>> arrays;
    std::unique_ptr<Shared> availability;
};

}  // namespace

TEST_F(AvailabilityModel, CoresThatCountTheirFirstPeerAtOnceLoseNothing) {
    const Bitfield all_but_seed = having({0});
    explore({[&] { availability->add(all_but_seed, CoreIndex(0)); },
             [&] { availability->add(second, CoreIndex(1)); },
             [&] { availability->add(first, CoreIndex(2)); }},
            {2, 1}, {2, 1});
}

TEST_F(AvailabilityModel, CoresOfOneShardMakeItOnce) {
    explore({[&] { availability->add(first, CoreIndex(0)); },
             [&] { availability->add(first, shares_with_0); },
             [&] { availability->add(second, shares_with_0); }},
            {2, 1}, {2, 1});
}

TEST_F(AvailabilityModel, PeersThatJoinHaveAndLeaveAtOnceLeaveTheSumOfTheBitfields) {
    const Bitfield stays = having({1});
    const Bitfield goes = having({0});
    explore({[&] {
                 availability->add(goes, CoreIndex(0));
                 availability->add(second, CoreIndex(0));  // a HAVE, so it has both
                 availability->remove(first, CoreIndex(0));
                 availability->remove(second, CoreIndex(0));
             },
             [&] {
                 availability->add(stays, shares_with_0);
                 availability->add(first, shares_with_0);
             }},
            {1, 1}, {2, 2});
}

TEST_F(AvailabilityModel, ACoreReadsWhatItHasCountedItself) {
    std::array<std::uint32_t, 2> read{};
    const auto count_and_read = [&](std::size_t at, CoreIndex core) {
        availability->add(first, core);
        read[at] = availability->count(first);
    };
    model.explore(
        {[&] { count_and_read(0, CoreIndex(0)); }, [&] { count_and_read(1, shares_with_0); }},
        [] {},
        [&] {
            for (const std::uint32_t seen : read) {
                EXPECT_GE(seen, 1U);
                EXPECT_LE(seen, 2U);
            }
        });
    EXPECT_GT(model.ends(), 1U);
}

TEST_F(AvailabilityModel, SeedsThatComeAndGoAreCountedOnce) {
    model.explore(
        {[&] {
             availability->add_seed();
             availability->remove_seed();
         },
         [&] { availability->add_seed(); }},
        [&] { EXPECT_LE(availability->seeds(), 2U); },
        [&] {
            EXPECT_EQ(availability->seeds(), 1U);
            EXPECT_EQ(availability->count(first), 0U);
        });
}

}  // namespace spate::swarm
