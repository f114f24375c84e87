#include "engine/driver/tracker/redirect_policy.hpp"

#include <vector>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::driver;

namespace {

bool allowed(const char* origin, const char* target) {
    const std::vector<IpAddress> named{*IpAddress::parse(origin)};
    return redirect_allowed(named, *IpAddress::parse(target));
}

}  // namespace

TEST(RedirectPolicy, KnowsWhatIsNotOnThePublicNetwork) {
    for (const char* text : {"127.0.0.1",
                             "10.1.2.3",
                             "172.16.0.1",
                             "192.168.1.1",
                             "169.254.169.254",
                             "100.64.0.1",
                             "0.1.2.3",
                             "192.0.0.8",
                             "198.19.0.1",
                             "224.0.0.1",
                             "255.255.255.255",
                             "::1",
                             "::",
                             "fe80::1",
                             "fd00::1",
                             "ff02::1",
                             "::ffff:10.0.0.1",
                             "::7f00:1",
                             "64:ff9b::7f00:1",
                             "2002:0a00:0001::1"})
        EXPECT_TRUE(is_internal_address(*IpAddress::parse(text))) << text;
    for (const char* text : {"9.9.9.9", "100.128.0.1", "172.32.0.1", "198.20.0.1", "192.0.2.1",
                             "2001:db8::1", "2620:fe::fe", "64:ff9b::909:909", "2002:909:909::1"})
        EXPECT_FALSE(is_internal_address(*IpAddress::parse(text))) << text;
}

TEST(RedirectPolicy, PublicTargetsAreAlwaysAllowed) {
    EXPECT_TRUE(allowed("9.9.9.9", "8.8.8.8"));
    EXPECT_TRUE(allowed("10.0.0.1", "8.8.8.8"));
    EXPECT_TRUE(allowed("9.9.9.9", "2620:fe::fe"));
}

TEST(RedirectPolicy, InternalTargetsOnlyOnTheNetworkThatTheUserNamed) {
    EXPECT_FALSE(allowed("9.9.9.9", "127.0.0.1"));
    EXPECT_FALSE(allowed("9.9.9.9", "169.254.169.254"));
    EXPECT_FALSE(allowed("9.9.9.9", "192.168.1.1"));
    EXPECT_FALSE(allowed("127.0.0.1", "192.168.1.1"));
    EXPECT_FALSE(allowed("192.168.1.1", "127.0.0.1"));
    EXPECT_FALSE(allowed("192.168.1.1", "192.168.2.1"));
    EXPECT_TRUE(allowed("192.168.1.1", "192.168.1.2"));
    EXPECT_TRUE(allowed("127.0.0.1", "127.0.0.2"));
    EXPECT_TRUE(allowed("127.0.0.1", "::1"));
    EXPECT_TRUE(allowed("fd00::1", "fd00::2"));
    EXPECT_FALSE(allowed("fd00::1", "fd00:0:0:1::2"));
    EXPECT_FALSE(allowed("224.0.0.1", "224.0.0.1"));
}
