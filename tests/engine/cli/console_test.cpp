#include "engine/cli/console.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::cli;
using testing::HasSubstr;

namespace {

class ConsoleOutput : public testing::Test {
protected:
    std::string output_of(bool json, const std::function<void(Console&)>& use) {
        testing::internal::CaptureStdout();
        {
            Console console(context_, {.json = json, .log_json = false, .log_level = "off"});
            use(console);
        }
        return testing::internal::GetCapturedStdout();
    }

    Context context_{.now = [] { return Time(3500ms); }, .started = Time(1s)};
};

}  // namespace

TEST_F(ConsoleOutput, AnEventIsOneLineWithEventAndTimeFirst) {
    EXPECT_EQ(output_of(true, [](Console& c) { c.event("complete", {{"bytes", 7}}); }),
              "{\"event\":\"complete\",\"t\":2.5,\"bytes\":7}\n");
}

TEST_F(ConsoleOutput, WithJsonPeopleAreNotSpokenTo) {
    EXPECT_EQ(output_of(true, [](Console& c) { c.say("hello"); }), "");
    EXPECT_EQ(output_of(false, [](Console& c) { c.say("hello"); }), "hello\n");
    EXPECT_EQ(output_of(false, [](Console& c) { c.event("x", {}); }), "");
}

TEST_F(ConsoleOutput, AListIsWrittenBehindTheOtherMembers) {
    const auto squares = [](std::size_t size) {
        return JsonList{.name = "squares", .size = size, .at = [](std::size_t i) { return i * i; }};
    };
    const auto written = [&](std::size_t size) {
        return output_of(true, [&](Console& c) { c.object({{"a", 1}}, squares(size)); });
    };
    EXPECT_EQ(written(0), "{\"a\":1,\"squares\":[]}\n");
    EXPECT_EQ(written(3), "{\"a\":1,\"squares\":[0,1,4]}\n");
    const Json long_one = Json::parse(written(100'000));
    EXPECT_EQ(long_one["squares"].size(), 100'000U);
    EXPECT_EQ(long_one["squares"][99'999], 99'999ULL * 99'999);
    EXPECT_EQ(output_of(false, [&](Console& c) { c.object({{"a", 1}}, squares(3)); }), "");
}

TEST_F(ConsoleOutput, ErrorsAreEventsWithJson) {
    const std::string line = output_of(true, [](Console& c) { c.error("cannot read a", "a"); });
    EXPECT_THAT(line, HasSubstr("\"event\":\"error\""));
    EXPECT_THAT(line, HasSubstr("\"message\":\"cannot read a\",\"what\":\"a\""));
}

TEST_F(ConsoleOutput, InvalidUtf8IsReplaced) {
    EXPECT_THAT(output_of(true, [](Console& c) { c.error("\xff", ""); }), HasSubstr("\uFFFD"));
}

TEST_F(ConsoleOutput, NothingIsDrawnWhereThereIsNoTerminal) {
    EXPECT_EQ(output_of(false, [](Console& c) { c.draw({"bar"}); }), "");
}
