#include "engine/tracker/reach.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace spate::tracker {
namespace {

constexpr Origin strangers[]{Origin::torrent, Origin::tracker, Origin::peer};

bool asks(Origin origin, const char* url, const char* address) {
    return may_ask(origin, *TrackerUrl::parse(url), *IpAddress::parse(address));
}

bool follows(Origin origin, const char* from, const char* to,
             const char* path_and_query = "/announce?info_hash=x") {
    const std::vector<IpAddress> named{*IpAddress::parse(from)};
    return may_follow(origin, named, path_and_query, *IpAddress::parse(to));
}

bool calls(const char* peer, const char* inside) {
    const std::vector<IpAddress> addresses{*IpAddress::parse(inside)};
    return may_call(*Endpoint::parse(peer), addresses);
}

}  // namespace

TEST(Reach, TheUserMaySendUsAnywhere) {
    for (const char* address : {"127.0.0.1", "10.0.0.1", "fe80::1", "9.9.9.9", "::"})
        EXPECT_TRUE(asks(Origin::user, "http://host/any?thing", address)) << address;
}

TEST(Reach, StrangersMaySendUsAnywhereOnThePublicNetwork) {
    for (const Origin origin : strangers)
        for (const char* url : {"http://host/any?thing", "https://host", "udp://host:1/x?y"})
            EXPECT_TRUE(asks(origin, url, "9.9.9.9")) << url;
}

TEST(Reach, TrackersOfPrivateNetworksWork) {
    for (const char* url : {"http://host/announce", "http://host:6969/announce.php",
                            "https://host/a1b2c3/announce", "http://host/ANNOUNCE",
                            "http://host/scrape", "udp://host:6969", "udp://host:6969/announce"})
        for (const char* address : {"127.0.0.1", "10.0.0.5", "192.168.1.1", "100.64.0.1", "fd00::5",
                                    "fe80::5", "64:ff9b::a00:5"})
            EXPECT_TRUE(asks(Origin::torrent, url, address)) << url << ' ' << address;
}

TEST(Reach, NothingElseOfInnerNetworksIsAskedForAStranger) {
    for (const char* url :
         {"http://host", "http://host/", "http://host/api/shutdown", "http://host/announce/reboot",
          "http://host/announce?confirm=yes", "http://host/announce?", "http://host/?announce",
          "http://host/announce/..", "http://host/announce%2f..%2freboot",
          "http://host/announce;reboot", "http://host/announce\\..\\reboot",
          "http://host/xannounce", "http://host/reboot%3f/announce", "http://host/reboot;/announce",
          "https://host/latest/meta-data"})
        for (const Origin origin : strangers)
            for (const char* address :
                 {"127.0.0.1", "::1", "169.254.169.254", "10.0.0.5", "fd00::5", "100.64.0.1",
                  "::ffff:127.0.0.1", "2002:a00:5::"})
                EXPECT_FALSE(asks(origin, url, address)) << url << ' ' << address;
}

TEST(Reach, StrangersSendNobodyToAddressesThatAreNone) {
    for (const char* address : {"0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1"}) {
        EXPECT_FALSE(asks(Origin::torrent, "http://host/announce", address)) << address;
        EXPECT_FALSE(asks(Origin::torrent, "udp://host:6969", address)) << address;
        EXPECT_FALSE(follows(Origin::user, "127.0.0.1", address)) << address;
        EXPECT_FALSE(may_call({*IpAddress::parse(address), 6881}, {})) << address;
    }
}

TEST(Reach, RedirectsToThePublicNetworkAreFollowed) {
    for (const Origin origin : {Origin::user, Origin::torrent}) {
        EXPECT_TRUE(follows(origin, "9.9.9.9", "8.8.8.8", "/other"));
        EXPECT_TRUE(follows(origin, "10.0.0.1", "8.8.8.8", "/other"));
        EXPECT_TRUE(follows(origin, "9.9.9.9", "2620:fe::fe", "/other"));
    }
}

TEST(Reach, RedirectsIntoANetworkComeFromThatNetwork) {
    for (const Origin origin : {Origin::user, Origin::torrent}) {
        EXPECT_FALSE(follows(origin, "9.9.9.9", "127.0.0.1"));
        EXPECT_FALSE(follows(origin, "9.9.9.9", "169.254.169.254"));
        EXPECT_FALSE(follows(origin, "127.0.0.1", "192.168.1.1"));
        EXPECT_FALSE(follows(origin, "192.168.1.1", "127.0.0.1"));
        EXPECT_FALSE(follows(origin, "192.168.1.1", "192.168.2.1"));
        EXPECT_TRUE(follows(origin, "192.168.1.1", "192.168.1.2"));
        EXPECT_TRUE(follows(origin, "127.0.0.1", "127.0.0.2"));
        EXPECT_TRUE(follows(origin, "fd00::1", "fd00::2"));
    }
}

TEST(Reach, ARedirectOfAStrangersTrackerLeadsToAnAnnouncePath) {
    EXPECT_TRUE(follows(Origin::user, "127.0.0.1", "127.0.0.1", "/other?x"));
    EXPECT_FALSE(follows(Origin::torrent, "127.0.0.1", "127.0.0.1", "/other?x"));
    EXPECT_FALSE(follows(Origin::torrent, "127.0.0.1", "127.0.0.1", "/other?/announce"));
    EXPECT_TRUE(follows(Origin::torrent, "127.0.0.1", "127.0.0.1", "/announce?x=/other"));
}

TEST(Reach, PeersOfAnInnerNetworkAreNamedFromWithinIt) {
    EXPECT_TRUE(calls("9.9.9.9:6881", "8.8.8.8"));
    EXPECT_TRUE(calls("9.9.9.9:6881", "10.0.0.1"));
    EXPECT_TRUE(calls("127.0.0.1:6881", "127.0.0.1"));
    EXPECT_TRUE(calls("[::1]:6881", "127.0.0.1"));
    EXPECT_TRUE(calls("10.0.0.7:6881", "10.0.0.1"));
    EXPECT_TRUE(calls("10.0.0.7:6881", "192.168.0.1")) << "a network may have several of them";
    EXPECT_TRUE(calls("10.0.0.7:6881", "127.0.0.1")) << "the user's own tracker, on this machine";
    EXPECT_FALSE(calls("127.0.0.1:6881", "10.0.0.1"));
    for (const char* peer : {"127.0.0.1:6881", "10.0.0.7:6881", "[fe80::1]:6881", "[fd00::1]:6881",
                             "100.64.0.1:6881", "[64:ff9b::a00:1]:6881"})
        EXPECT_FALSE(calls(peer, "9.9.9.9")) << peer;
    EXPECT_FALSE(may_call(*Endpoint::parse("127.0.0.1:6881"), {}));
}

TEST(Reach, ServicesOfInnerNetworksAreNoPeers) {
    EXPECT_FALSE(calls("127.0.0.1:1023", "127.0.0.1"));
    EXPECT_TRUE(calls("127.0.0.1:1024", "127.0.0.1"));
    EXPECT_FALSE(calls("10.0.0.7:22", "10.0.0.1"));
    EXPECT_TRUE(calls("9.9.9.9:443", "8.8.8.8")) << "seeds hide from firewalls there";
}

}  // namespace spate::tracker
