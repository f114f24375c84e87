#include "engine/tracker/tracker_url.hpp"

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::tracker;

TEST(TrackerUrl, SplitsWhatTrackersUse) {
    const auto http = TrackerUrl::parse("http://Tracker.Example:6969/announce?passkey=1#top");
    ASSERT_TRUE(http);
    EXPECT_EQ(http->scheme, TrackerUrl::Scheme::http);
    EXPECT_EQ(http->host, "tracker.example");
    EXPECT_EQ(http->port, 6969);
    EXPECT_EQ(http->path_and_query, "/announce?passkey=1");

    const auto udp = TrackerUrl::parse("UDP://[2001:db8::1]:80");
    ASSERT_TRUE(udp);
    EXPECT_EQ(udp->host, "2001:db8::1");
    EXPECT_EQ(udp->path_and_query, "");
}

TEST(TrackerUrl, KnowsTheDefaultPortsOfHttpOnly) {
    EXPECT_EQ(TrackerUrl::parse("http://a/announce")->port, 80);
    EXPECT_EQ(TrackerUrl::parse("https://a/announce")->port, 443);
    EXPECT_FALSE(TrackerUrl::parse("udp://a/announce"));
}

TEST(TrackerUrl, RefusesWhatWeWouldNotDial) {
    for (const char* url : {"", "http://", "ftp://a/b", "wss://a/b", "http://:80/", "http://a:0/",
                            "http://a:65536/", "http://a:b/", "http://user:word@a/", "http://[::1/",
                            "http://[::1]x/", "http://a b/", "http://a/\r\nX: 1", "announce"})
        EXPECT_FALSE(TrackerUrl::parse(url)) << url;
}

TEST(TrackerUrl, HasALengthLimit) {
    const std::string start = "http://a/";
    EXPECT_TRUE(TrackerUrl::parse(start + std::string(tracker_url_size_max - start.size(), 'x')));
    EXPECT_FALSE(
        TrackerUrl::parse(start + std::string(tracker_url_size_max - start.size() + 1, 'x')));
}

TEST(PercentEncoding, KeepsUnreservedBytesAndUndoesItself) {
    std::string binary;
    for (int i = 0; i < 256; ++i) binary += static_cast<char>(i);
    std::string encoded;
    append_percent_encoded(encoded, as_bytes(binary));
    EXPECT_NE(encoded.find("%00%01"), std::string::npos);
    EXPECT_NE(encoded.find("-."), std::string::npos);
    EXPECT_EQ(percent_decode(encoded), binary);
}

TEST(PercentEncoding, BrokenEscapesAreRefused) {
    EXPECT_FALSE(percent_decode("%"));
    EXPECT_FALSE(percent_decode("a%4"));
    EXPECT_FALSE(percent_decode("%4x"));
    EXPECT_EQ(percent_decode("%41%62"), "Ab");
}
