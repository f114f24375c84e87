#include "engine/base/address_scope.hpp"

#include <gtest/gtest.h>

namespace spate {
namespace {

AddressScope scope(const char* text) {
    return scope_of(*IpAddress::parse(text));
}

bool beside(const char* a, const char* b) {
    return on_same_network(*IpAddress::parse(a), *IpAddress::parse(b));
}

}  // namespace

TEST(AddressScope, LoopbackIsThisMachineInWhateverWords) {
    for (const char* text : {"127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::7f00:1",
                             "64:ff9b::7f00:1", "2002:7f00:1::"})
        EXPECT_EQ(scope(text), AddressScope::loopback) << text;
}

TEST(AddressScope, InnerNetworksAreThoseThatThePublicOneDoesNotReach) {
    for (const char* text : {"10.0.0.0",        "10.255.255.255",
                             "172.16.0.0",      "172.31.255.255",
                             "192.168.0.0",     "192.168.255.255",
                             "169.254.169.254", "100.64.0.0",
                             "100.127.255.255", "192.0.0.8",
                             "192.88.99.1",     "198.18.0.0",
                             "198.19.255.255",  "fe80::1",
                             "febf::1",         "fec0::1",
                             "fc00::1",         "fdff::1",
                             "::ffff:10.0.0.1", "::a00:1",
                             "64:ff9b::a00:1",  "64:ff9b:1::909:909",
                             "2002:a00:1::1"})
        EXPECT_EQ(scope(text), AddressScope::inner) << text;
}

TEST(AddressScope, NobodyIsAtUnspecifiedAndMulticastAddresses) {
    for (const char* text : {"0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1",
                             "255.255.255.255", "::", "ff02::1", "64:ff9b::e000:1", "2002:0:1::"})
        EXPECT_EQ(scope(text), AddressScope::nowhere) << text;
}

TEST(AddressScope, TheRestIsOpenUpToTheEdges) {
    for (const char* text : {"1.0.0.0",         "9.255.255.255",   "11.0.0.0",   "100.63.255.255",
                             "100.128.0.0",     "126.255.255.255", "128.0.0.0",  "169.253.255.255",
                             "169.255.0.0",     "172.15.255.255",  "172.32.0.0", "192.167.255.255",
                             "192.169.0.0",     "198.17.255.255",  "198.20.0.0", "223.255.255.255",
                             "2001:db8::1",     "2620:fe::fe",     "fbff::1",    "64:ff9b::909:909",
                             "2002:909:909::1", "64:ff9b:2::a00:1"})
        EXPECT_EQ(scope(text), AddressScope::open) << text;
}

TEST(AddressScope, NetworksAreTheSameUpToTheirPrefix) {
    EXPECT_TRUE(beside("192.168.1.1", "192.168.1.2"));
    EXPECT_FALSE(beside("192.168.1.1", "192.168.2.1"));
    EXPECT_TRUE(beside("fd00::1", "fd00::2"));
    EXPECT_FALSE(beside("fd00::1", "fd00:0:0:1::2"));
    EXPECT_TRUE(beside("127.0.0.1", "127.3.2.1"));
    EXPECT_TRUE(beside("127.0.0.1", "::1"));
    EXPECT_FALSE(beside("127.0.0.1", "192.168.1.1"));
    EXPECT_FALSE(beside("10.0.0.1", "fd00::1"));
}

}  // namespace spate
