#include "engine/base/endpoint.hpp"

#include <netinet/in.h>

#include <gtest/gtest.h>

using namespace spate;

TEST(Endpoint, TextRoundTrips) {
    for (const char* text : {"192.0.2.1:6881", "[2001:db8::1]:80", "[::]:0"})
        EXPECT_EQ(Endpoint::parse(text).value().to_string(), text);
}

TEST(Endpoint, NonsenseIsRefused) {
    for (const char* text :
         {"", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "2001:db8::1:80", "x:1", "1.2.3.4:-1"})
        EXPECT_FALSE(Endpoint::parse(text)) << text;
}

TEST(Endpoint, MappedAddressesAreIpv4) {
    const auto mapped = IpAddress::parse("::ffff:10.0.0.1").value();
    EXPECT_TRUE(mapped.is_v4());
    EXPECT_EQ(mapped, IpAddress::parse("10.0.0.1"));
    EXPECT_FALSE(mapped.is_loopback());
}

TEST(Endpoint, LoopbackAndLinkLocalRanges) {
    EXPECT_TRUE(IpAddress::parse("127.3.2.1")->is_loopback());
    EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
    EXPECT_FALSE(IpAddress::parse("::2")->is_loopback());
    EXPECT_TRUE(IpAddress::parse("fe80::1")->is_link_local());
    EXPECT_TRUE(IpAddress::parse("169.254.0.1")->is_link_local());
    EXPECT_FALSE(IpAddress::parse("10.0.0.1")->is_link_local());
}

TEST(Endpoint, TheSystemsAddressesAreUnderstood) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = ::htonl(0xc0000201);
    EXPECT_EQ(IpAddress::of(reinterpret_cast<const sockaddr&>(v4)), IpAddress::parse("192.0.2.1"));
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = IN6ADDR_LOOPBACK_INIT;
    EXPECT_EQ(IpAddress::of(reinterpret_cast<const sockaddr&>(v6)), IpAddress::parse("::1"));
    EXPECT_EQ(IpAddress::of(sockaddr{}), std::nullopt);
}

TEST(Endpoint, CompactFormsRoundTripAndIgnoreAPartialEntry) {
    std::vector<std::byte> compact;
    append_compact(compact, *Endpoint::parse("192.0.2.1:6881"));
    append_compact(compact, *Endpoint::parse("192.0.2.2:1"));
    compact.push_back(std::byte{9});
    const auto endpoints = parse_compact_endpoints(compact, IpAddress::Family::v4);
    ASSERT_EQ(endpoints.size(), 2U);
    EXPECT_EQ(endpoints[1].to_string(), "192.0.2.2:1");
}
