#include "engine/base/bitfield.hpp"

#include <array>

#include <gtest/gtest.h>

using namespace spate;

TEST(Bitfield, HighBitOfTheFirstByteIsPieceZero) {
    Bitfield bits(9);
    EXPECT_TRUE(bits.set(0));
    EXPECT_TRUE(bits.set(8));
    EXPECT_FALSE(bits.set(8)) << "set before";
    EXPECT_EQ(bits.to_wire()[0], std::byte{0x80});
    EXPECT_EQ(bits.to_wire()[1], std::byte{0x80});
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

TEST(Bitfield, AllAndNoneReadAsAnyOther) {
    for (const std::size_t size : {0U, 1U, 8U, 13U}) {
        Bitfield bits(size);
        EXPECT_TRUE(bits.none());
        Bitfield other(size);
        for (std::size_t bit = 0; bit < size; ++bit) EXPECT_TRUE(other.set(bit));
        bits.set_all();
        EXPECT_TRUE(bits.all());
        EXPECT_EQ(bits, other) << size;
        Bitfield from_wire;
        ASSERT_TRUE(from_wire.assign(bits.to_wire(), size));
        EXPECT_EQ(from_wire, bits) << size;
        if (size == 0) continue;
        EXPECT_TRUE(bits.reset(size / 2));
        EXPECT_FALSE(bits.test(size / 2));
        EXPECT_EQ(bits.count(), size - 1);
        EXPECT_TRUE(bits.set(size / 2));
        EXPECT_EQ(bits, other) << size;
    }
}

TEST(Bitfield, AWordHasTheFirstBitHighestAndZerosBeyondTheEnd) {
    Bitfield bits(70);
    EXPECT_EQ(bits.word(0), 0U);
    bits.set(0);
    bits.set(69);
    EXPECT_EQ(bits.word(0), std::uint64_t{1} << 63);
    EXPECT_EQ(bits.word(8), std::uint64_t{1} << 58);
    bits.set_all();
    EXPECT_EQ(bits.word(0), ~std::uint64_t{0});
    EXPECT_EQ(bits.word(8), ~std::uint64_t{0} << 58);
}
