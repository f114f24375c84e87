#include "engine/base/bitfield.hpp"

#include <array>

#include <gtest/gtest.h>

using namespace spate;

TEST(Bitfield, HighBitOfTheFirstByteIsPieceZero) {
    Bitfield bits(9);
    EXPECT_TRUE(bits.set(0));
    EXPECT_TRUE(bits.set(8));
    EXPECT_FALSE(bits.set(8)) << "set before";
    EXPECT_EQ(bits.wire_bytes()[0], std::byte{0x80});
    EXPECT_EQ(bits.wire_bytes()[1], std::byte{0x80});
    EXPECT_EQ(bits.count(), 2U);
    EXPECT_TRUE(bits.reset(0));
    EXPECT_EQ(bits.count(), 1U);
}

TEST(Bitfield, SpareBitsOrAWrongLengthAreRefused) {
    Bitfield bits;
    const std::array<std::byte, 2> spare{std::byte{0xff}, std::byte{0xc0}};
    EXPECT_FALSE(bits.assign(spare, 9));
    EXPECT_FALSE(bits.assign(spare, 17));
    EXPECT_TRUE(bits.assign(spare, 10));
    EXPECT_TRUE(bits.all());
}
