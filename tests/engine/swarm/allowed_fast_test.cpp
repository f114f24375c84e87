#include "engine/swarm/allowed_fast.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

namespace spate::swarm {
namespace {

std::vector<std::uint32_t> set_of(const char* address, std::uint32_t pieces, std::uint32_t count) {
    InfoHash info_hash;
    info_hash.bytes.fill(std::byte{0xaa});
    std::vector<std::uint32_t> numbers;
    for (const PieceIndex piece :
         allowed_fast_set(*IpAddress::parse(address), info_hash, pieces, count))
        numbers.push_back(piece.value);
    return numbers;
}

TEST(AllowedFast, IsAsTheBepHasIt) {
    EXPECT_THAT(set_of("80.4.4.200", 1313, 7),
                testing::ElementsAre(1059, 431, 808, 1217, 287, 376, 1188));
    EXPECT_THAT(set_of("80.4.4.200", 1313, 9),
                testing::ElementsAre(1059, 431, 808, 1217, 287, 376, 1188, 353, 508));
}

TEST(AllowedFast, ANeighbourGetsTheSame) {
    EXPECT_EQ(set_of("80.4.4.1", 1313, 7), set_of("80.4.4.200", 1313, 7));
    EXPECT_NE(set_of("80.4.5.1", 1313, 7), set_of("80.4.4.200", 1313, 7));
    EXPECT_EQ(set_of("2001:db8::1", 1313, 7), set_of("2001:db8::2", 1313, 7));
}

TEST(AllowedFast, NoMoreThanThereAre) {
    EXPECT_THAT(set_of("80.4.4.200", 3, 10), testing::UnorderedElementsAre(0, 1, 2));
    EXPECT_TRUE(set_of("80.4.4.200", 0, 10).empty());
}

}  // namespace
}  // namespace spate::swarm
