#include "hashing/xxh3.hpp"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"

using namespace spate;
using namespace spate::hashing;

// Printed by a program of three lines on libxxhash 0.8.1.
TEST(Xxh3, GivesTheValuesOfTheLibraryEverywhere) {
    EXPECT_EQ(xxh3_64(as_bytes("")), 0x2d06800538d394c2U);
    EXPECT_EQ(xxh3_64(as_bytes("spate")), 0x5c035be1fea55e58U);
    EXPECT_EQ(xxh3_64(as_bytes("spate"), 42), 0x781036a213138e83U);
    EXPECT_EQ(xxh3_128(as_bytes("")), (Xxh3Digest{0x99aa06d3014798d8U, 0x6001c324468d497fU}));
    EXPECT_EQ(xxh3_128(as_bytes("spate")), (Xxh3Digest{0x80fcfbc98bafae35U, 0xfb012e815be5d200U}));
}

TEST(Xxh3, ChangesWithTheSeedAndWithEveryBit) {
    std::vector<std::byte> bytes(300);
    Prng(1).fill(bytes);
    std::set<std::uint64_t> seen{xxh3_64(bytes)};
    for (std::uint64_t seed = 1; seed < 100; ++seed) {
        EXPECT_TRUE(seen.insert(xxh3_64(bytes, seed)).second);
    }
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        EXPECT_TRUE(seen.insert(xxh3_64(bytes)).second);
        bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    }
}

TEST(SeededHash, TakesAddressAndPortOfAnEndpoint) {
    const SeededHash hash(7);
    const Endpoint one = *Endpoint::parse("192.0.2.1:6881");
    EXPECT_EQ(hash(one), hash(*Endpoint::parse("192.0.2.1:6881")));
    EXPECT_NE(hash(one), hash(*Endpoint::parse("192.0.2.1:6882")));
    EXPECT_NE(hash(one), hash(*Endpoint::parse("192.0.2.2:6881")));
    EXPECT_NE(hash(one), hash(*Endpoint::parse("[2001:db8::1]:6881")));
    EXPECT_NE(hash(one), SeededHash(8)(one));
}

TEST(SeededHash, SpreadsKeysThatMeetWithoutIt) {
    // std::hash of a digest is its first word: these are all equal there.
    std::vector<InfoHash> keys(1000);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        store_be<std::uint64_t>(keys[i].bytes.data() + 12, i);
        ASSERT_EQ(std::hash<InfoHash>()(keys[i]), std::hash<InfoHash>()(keys[0]));
    }
    std::set<std::size_t> hashes;
    for (const InfoHash& key : keys) hashes.insert(SeededHash(9)(key));
    EXPECT_EQ(hashes.size(), keys.size());
}
