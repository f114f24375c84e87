#include "engine/cli/name_lookup.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::cli;
using metainfo::HostPort;

TEST(ParsePeer, TakesAddressesAndHostNames) {
    EXPECT_EQ(parse_peer("192.0.2.1:6881"), (HostPort{"192.0.2.1", 6881}));
    EXPECT_EQ(parse_peer("[2001:db8::1]:6881"), (HostPort{"2001:db8::1", 6881}));
    EXPECT_EQ(parse_peer("seed-1.example:51413"), (HostPort{"seed-1.example", 51413}));
}

TEST(ParsePeer, RefusesWhatIsNeither) {
    for (const char* text : {"", ":", ":6881", "host", "host:", "host:0", "host:65536",
                             "host:6881x", "http://host:80", "a b:1", "2001:db8::1:6881"})
        EXPECT_FALSE(parse_peer(text)) << text;
    EXPECT_FALSE(parse_peer(std::string(254, 'a') + ":6881"));
    EXPECT_TRUE(parse_peer(std::string(253, 'a') + ":6881"));
}

TEST(LookUp, KeepsAddressesAsTheyAre) {
    Context context{};
    Console console(context, {.json = false, .log_json = false, .log_level = "off"});
    EXPECT_THAT(
        look_up({{"192.0.2.1", 1}, {"2001:db8::1", 2}}, console),
        testing::ElementsAre(*Endpoint::parse("192.0.2.1:1"), *Endpoint::parse("[2001:db8::1]:2")));
}
