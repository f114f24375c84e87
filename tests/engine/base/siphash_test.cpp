#include "engine/base/siphash.hpp"

#include <vector>

#include <gtest/gtest.h>

using namespace spate;

TEST(SipHash, AgreesWithTheVectorsOfItsReference) {
    // Key 00 01 .. 0f, message 00 01 .. of growing length.
    const SipKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
    std::vector<std::byte> message;
    EXPECT_EQ(siphash(key, message), 0x726fdb47dd0e0e31);
    for (unsigned i = 0; i < 8; ++i) message.push_back(static_cast<std::byte>(i));
    EXPECT_EQ(siphash(key, message), 0x93f5f5799a932462);
    for (unsigned i = 8; i < 15; ++i) message.push_back(static_cast<std::byte>(i));
    EXPECT_EQ(siphash(key, message), 0xa129ca6149be45e5);
}
