#include "engine/swarm/peer_priority.hpp"

#include <gtest/gtest.h>

namespace spate::swarm {
namespace {

std::uint32_t priority(const char* ours, const char* theirs) {
    return peer_priority(*Endpoint::parse(ours), *Endpoint::parse(theirs));
}

TEST(PeerPriority, TheChecksumIsCastagnolis) {
    EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);  // RFC 3720's polynomial
}

TEST(PeerPriority, IsAsTheBepHasIt) {
    EXPECT_EQ(priority("123.213.32.10:1", "98.76.54.32:2"), 0xec2d7224U);
    EXPECT_EQ(priority("123.213.32.10:1", "123.213.32.234:2"), 0x99568189U);
}

TEST(PeerPriority, BothEndsComputeTheSame) {
    for (const char* other :
         {"98.76.54.32:2", "123.213.32.234:3", "123.213.99.1:4", "123.213.32.10:9"})
        EXPECT_EQ(priority("123.213.32.10:1", other), priority(other, "123.213.32.10:1"));
    EXPECT_EQ(priority("[2001:db8::1]:1", "[2001:db8:7::2]:2"),
              priority("[2001:db8:7::2]:2", "[2001:db8::1]:1"));
}

TEST(PeerPriority, OneAddressIsToldApartByItsPorts) {
    EXPECT_NE(priority("10.0.0.1:1", "10.0.0.1:2"), priority("10.0.0.1:1", "10.0.0.1:3"));
}

TEST(PeerPriority, FamiliesThatCantMeetGetNone) {
    EXPECT_EQ(priority("10.0.0.1:1", "[2001:db8::1]:1"), 0U);
}

}  // namespace
}  // namespace spate::swarm
