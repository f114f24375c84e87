#include "engine/cli/units.hpp"

#include <gmock/gmock.h>
#include <limits>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::cli;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseSize, UnitsAreBinary) {
    EXPECT_EQ(parse_size("4096"), 4096U);
    EXPECT_EQ(parse_size("256K"), 256U << 10);
    EXPECT_EQ(parse_size("256k"), 256U << 10);
    EXPECT_EQ(parse_size("1.5M"), 3U << 19);
    EXPECT_EQ(parse_size("2GiB"), 2ULL << 30);
    EXPECT_EQ(parse_size("2GB"), 2ULL << 30);
    EXPECT_EQ(parse_size("1T"), 1ULL << 40);
    EXPECT_EQ(parse_size("0"), 0U);
}

TEST(ParseSize, RefusesWhatIsNoSize) {
    for (const char* text : {"", "K", "-1", "12Q", "1KK", "1 K", "nan", "inf", "0x10"})
        EXPECT_FALSE(parse_size(text)) << text;
    EXPECT_THAT(parse_size("12Q").error(), HasSubstr("'12Q' is no size"));
    EXPECT_THAT(parse_size("99999999999T").error(), HasSubstr("too large"));
}

TEST(ParseRate, IsASizePerSecond) {
    EXPECT_EQ(parse_rate("20M"), 20U << 20);
    EXPECT_EQ(parse_rate("20MiB/s"), 20U << 20);
    EXPECT_EQ(parse_rate("unlimited"), 0U);
    EXPECT_EQ(parse_rate("0"), 0U);
    EXPECT_FALSE(parse_rate("fast"));
    EXPECT_FALSE(parse_rate("0.5")) << "which would be unlimited";
}

TEST(ParseDuration, TakesUnits) {
    EXPECT_EQ(parse_duration("90"), Duration(90s));
    EXPECT_EQ(parse_duration("1.5m"), Duration(90s));
    EXPECT_EQ(parse_duration("2h"), Duration(2h));
    EXPECT_EQ(parse_duration("500ms"), Duration(500ms));
    EXPECT_EQ(parse_duration("50us"), Duration(50us));
    EXPECT_FALSE(parse_duration("0"));
    EXPECT_FALSE(parse_duration("5y"));
    EXPECT_FALSE(parse_duration("soon"));
}

TEST(ParseCores, ANumberTakesTheFirst) {
    EXPECT_THAT(parse_cores("2", {0, 2, 4}).value(), ElementsAre(0, 2));
    EXPECT_THAT(parse_cores("4", {0, 2, 4}).error(), HasSubstr("may use 3"));
    EXPECT_FALSE(parse_cores("0", {0}));
}

TEST(ParseCores, AListNamesThem) {
    EXPECT_THAT(parse_cores("4,0-2", {0, 1, 2, 4}).value(), ElementsAre(4, 0, 1, 2));
    EXPECT_THAT(parse_cores("1-1", {0, 1}).value(), ElementsAre(1));
    EXPECT_THAT(parse_cores("0,3", {0, 1}).error(), HasSubstr("CPU 3"));
    EXPECT_THAT(parse_cores("0,0-1", {0, 1}).error(), HasSubstr("twice"));
    for (const char* text : {"", "a", "1-", "-1", "2-1", "0-99999"})
        EXPECT_FALSE(parse_cores(text, {0, 1, 2})) << text;
}

TEST(ParseEndpoint, TakesBothFamilies) {
    EXPECT_EQ(parse_endpoint("127.0.0.1:0").value().to_string(), "127.0.0.1:0");
    EXPECT_EQ(parse_endpoint("[::1]:6881").value().to_string(), "[::1]:6881");
    EXPECT_EQ(parse_endpoint(":6881").value().to_string(), "0.0.0.0:6881");
    EXPECT_THAT(parse_endpoint("localhost").error(), HasSubstr("'localhost' is no address"));
}

TEST(ParseCount, TakesNumbersAndUnlimited) {
    EXPECT_EQ(parse_count("7"), 7U);
    EXPECT_EQ(parse_count("unlimited"), std::numeric_limits<std::uint32_t>::max());
    EXPECT_FALSE(parse_count("0"));
    EXPECT_FALSE(parse_count("7 peers"));
}

TEST(FormatBytes, KeepsThreeDigits) {
    EXPECT_EQ(format_bytes(0), "0 B");
    EXPECT_EQ(format_bytes(999), "999 B");
    EXPECT_EQ(format_bytes(1000), "0.98 KiB");
    EXPECT_EQ(format_bytes(1.5 * 1024 * 1024), "1.50 MiB");
    EXPECT_EQ(format_bytes(700.0 * 1024 * 1024 * 1024), "700 GiB");
    EXPECT_EQ(format_rate(2048), "2.00 KiB/s");
}

TEST(FormatTime, GrowsWithTheTime) {
    EXPECT_EQ(format_time(0.4), "0:00");
    EXPECT_EQ(format_time(42), "0:42");
    EXPECT_EQ(format_time(725), "12:05");
    EXPECT_EQ(format_time(11231), "3:07:11");
    EXPECT_EQ(format_time(5 * 86400 + 3 * 3600), "5d 3h");
}
