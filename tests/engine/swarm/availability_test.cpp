#include "engine/swarm/availability.hpp"

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"

namespace spate::swarm {
namespace {

TEST(Availability, IsTheSumOfThePeersBitfields) {
    constexpr std::uint32_t pieces = 77;
    Availability availability(pieces);
    Prng random(1);
    std::vector<Bitfield> peers;
    std::vector<unsigned> expected(pieces, 0);
    for (int i = 0; i < 50; ++i) {
        Bitfield have(pieces);
        for (std::uint32_t piece = 0; piece < pieces; ++piece)
            if (random.below(3) == 0) {
                have.set(piece);
                ++expected[piece];
            }
        availability.add(have, CoreIndex(0));
        peers.push_back(have);
    }
    for (std::uint32_t piece = 0; piece < pieces; ++piece)
        EXPECT_EQ(availability.count(PieceIndex(piece)), expected[piece]);
    for (const Bitfield& have : peers) availability.remove(have, CoreIndex(0));
    for (std::uint32_t piece = 0; piece < pieces; ++piece)
        EXPECT_EQ(availability.count(PieceIndex(piece)), 0);
}

TEST(Availability, ASeedIsCountedOnceAndChangesNoPiece) {
    Availability availability(8);
    availability.add_seed();
    availability.add_seed();
    availability.remove_seed();
    EXPECT_EQ(availability.seeds(), 1U);
    for (std::uint32_t piece = 0; piece < 8; ++piece)
        EXPECT_EQ(availability.count(PieceIndex(piece)), 0);
}

TEST(Availability, CountsWhatIsAnnouncedPieceByPiece) {
    Availability availability(3);
    availability.add(PieceIndex(2), CoreIndex(0));
    availability.add(PieceIndex(2), CoreIndex(0));
    availability.add(PieceIndex(0), CoreIndex(0));
    availability.remove(PieceIndex(0), CoreIndex(0));
    EXPECT_EQ(availability.count(PieceIndex(0)), 0);
    EXPECT_EQ(availability.count(PieceIndex(1)), 0);
    EXPECT_EQ(availability.count(PieceIndex(2)), 2);
}

}  // namespace
}  // namespace spate::swarm
