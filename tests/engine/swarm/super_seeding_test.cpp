#include "engine/swarm/super_seeding.hpp"

#include <gmock/gmock.h>
#include <set>

#include <gtest/gtest.h>

namespace spate::swarm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t piece_count = 12;
constexpr ConnectionId first{1};
constexpr ConnectionId second{2};

struct SuperSeedingTest : testing::Test {
    Prng random{5};
    SuperSeeding seeding{piece_count, random};
    Bitfield nothing{piece_count};
};

TEST_F(SuperSeedingTest, EachPieceIsToldOfOnceBeforeAnyTwice) {
    std::set<PieceIndex> told;
    for (std::uint32_t i = 0; i < piece_count; ++i)
        EXPECT_TRUE(told.insert(*seeding.next_for(ConnectionId(i), nothing)).second);
    EXPECT_EQ(told.size(), piece_count);
    EXPECT_TRUE(seeding.next_for(ConnectionId(99), nothing)) << "then again";
}

TEST_F(SuperSeedingTest, APeerIsToldOfAnotherWhenAnotherPeerHasGotItsPiece) {
    const PieceIndex told = *seeding.next_for(first, nothing);
    (void)seeding.next_for(second, nothing);
    EXPECT_THAT(seeding.on_have(first, told), IsEmpty()) << "it has it from us";
    EXPECT_THAT(seeding.on_have(second, told), ElementsAre(first));
}

TEST_F(SuperSeedingTest, ALonePeerHasNobodyToPassPiecesOnTo) {
    const PieceIndex told = *seeding.next_for(first, nothing);
    EXPECT_THAT(seeding.on_have(first, told), ElementsAre(first));
}

TEST_F(SuperSeedingTest, APeerIsNotToldOfWhatItHas) {
    Bitfield most(piece_count);
    most.set_all();
    most.reset(7);
    EXPECT_EQ(seeding.next_for(first, most), PieceIndex(7));
    EXPECT_FALSE(seeding.next_for(first, most)) << "it was told of that";
}

TEST_F(SuperSeedingTest, WhoLeavesIsForgotten) {
    const PieceIndex told = *seeding.next_for(first, nothing);
    (void)seeding.next_for(second, nothing);
    EXPECT_TRUE(seeding.told(first));
    seeding.on_left(first);
    EXPECT_FALSE(seeding.told(first));
    EXPECT_THAT(seeding.on_have(second, told), IsEmpty());
}

}  // namespace
}  // namespace spate::swarm
