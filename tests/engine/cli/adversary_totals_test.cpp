#include "engine/cli/adversary_totals.hpp"

#include <fstream>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "tests/engine/driver/content/scratch_folder.hpp"

namespace spate::cli {
namespace {

using testing::HasSubstr;

Json run_of(std::uint64_t seed, const char* failure = "") {
    return {{"seed", seed}, {"events", 100}, {"slowdown_max", 1.5}, {"failure", failure}};
}

struct AdversaryTotalsTest : testing::Test {
    driver::ScratchFolder folder;
    std::string path = (folder.path() / "totals.json").string();
    AdversaryTotals read(const std::vector<std::string>& kinds = {}) {
        return AdversaryTotals::read(path, 7, kinds).value();
    }
};

TEST_F(AdversaryTotalsTest, BeginAtTheFirstSeedWithoutAFile) {
    EXPECT_EQ(read().next_seed(), 7U);
    EXPECT_EQ(read().json()["rounds"], 0);
}

TEST_F(AdversaryTotalsTest, GoOnBehindTheLastSeedAndAddUp) {
    AdversaryTotals totals = read();
    totals.add(run_of(7));
    totals.add(run_of(8, "somebody was harmed"));
    ASSERT_TRUE(totals.write(path));
    AdversaryTotals again = read();
    EXPECT_EQ(again.next_seed(), 9U);
    again.add(run_of(9));
    const Json json = again.json();
    EXPECT_EQ(json["first_seed"], 7);
    EXPECT_EQ(json["rounds"], 3);
    EXPECT_EQ(json["failed"], 1);
    EXPECT_EQ(json["sums"]["events"], 300.0);
    EXPECT_EQ(json["peaks"]["slowdown_max"], 1.5);
    EXPECT_EQ(json["failing"][0]["seed"], 8);
}

TEST_F(AdversaryTotalsTest, OfOtherKindsOrOfSomethingElseAreRefused) {
    ASSERT_TRUE(read({"babble"}).write(path));
    EXPECT_TRUE(AdversaryTotals::read(path, 1, {"babble"}).has_value());
    EXPECT_THAT(AdversaryTotals::read(path, 1, {}).error(), HasSubstr("other --kinds"));
    std::ofstream(path) << "not json";
    EXPECT_THAT(AdversaryTotals::read(path, 1, {}).error(), HasSubstr("no file of totals"));
}

}  // namespace
}  // namespace spate::cli
