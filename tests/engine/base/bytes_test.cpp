#include "engine/base/bytes.hpp"

#include <array>

#include <gtest/gtest.h>

#include "engine/base/hex.hpp"

using namespace spate;

TEST(Bytes, WriterAndReaderAgreeInNetworkOrder) {
    std::vector<std::byte> out;
    ByteWriter(out)
        .write(std::uint16_t{0x0102})
        .write(std::uint32_t{0x03040506})
        .write_bytes(as_bytes("xy"));
    EXPECT_EQ(to_hex(out), "0102030405067879");
    ByteReader reader(out);
    EXPECT_EQ(reader.read<std::uint16_t>(), 0x0102);
    EXPECT_EQ(reader.read<std::uint32_t>(), 0x03040506U);
    EXPECT_FALSE(reader.read<std::uint32_t>()) << "two bytes are left";
    EXPECT_EQ(as_text(*reader.read_bytes(2)), "xy");
    EXPECT_TRUE(reader.empty());
}

TEST(Hex, RefusesOddLengthsAndOtherLetters) {
    std::array<std::byte, 2> out{};
    EXPECT_TRUE(from_hex("aBcD", out));
    EXPECT_EQ(to_hex(out), "abcd");
    EXPECT_FALSE(from_hex("abc", out));
    EXPECT_FALSE(from_hex("abcg", out));
}
