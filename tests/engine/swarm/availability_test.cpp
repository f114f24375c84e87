#include "engine/swarm/availability.hpp"

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::swarm;

TEST(Availability, CountsPeersPieceByPiece) {
    Availability availability(3);
    Bitfield have(3);
    have.set(1);
    availability.add(have);
    availability.add(PieceIndex(2));
    availability.add(PieceIndex(1));
    EXPECT_EQ(availability.count(PieceIndex(0)), 0U);
    EXPECT_EQ(availability.count(PieceIndex(1)), 2U);
    availability.remove(have);
    EXPECT_EQ(availability.count(PieceIndex(1)), 1U);
    EXPECT_EQ(availability.count(PieceIndex(2)), 1U);
}

TEST(Availability, CountsASeedOnceForAllPieces) {
    Availability availability(3);
    availability.add_seed();
    EXPECT_EQ(availability.seeds(), 1U);
    EXPECT_EQ(availability.count(PieceIndex(0)), 0U);
    availability.remove_seed();
    EXPECT_EQ(availability.seeds(), 0U);
}
