#include "engine/cli/progress_line.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

using namespace spate::cli;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace {

Progress downloading() {
    return {.name = "debian-12.iso",
            .state = TransferState::downloading,
            .done_bytes = 1 << 20,
            .total_bytes = 4 << 20,
            .down_bytes_per_s = 1024 * 1024,
            .up_bytes_per_s = 0,
            .peers = 3,
            .seeds = 2};
}

}  // namespace

TEST(ProgressLine, TellsRatePeersAndTimeLeft) {
    EXPECT_THAT(
        progress_line(downloading(), 120),
        AllOf(HasSubstr("debian-12.iso"), HasSubstr("25%"), HasSubstr("1.00 MiB/s"),
              HasSubstr("3 peers"), HasSubstr("0:03 left"), HasSubstr("█"), Not(HasSubstr("↑"))));
}

TEST(ProgressLine, NeverExceedsTheWidth) {
    Progress progress = downloading();
    progress.name = "Ünïcödé – a name that is far too long for any terminal at all.mkv";
    for (std::size_t width = 1; width < 200; ++width)
        EXPECT_LE(columns(progress_line(progress, width)), width) << width;
}

TEST(ProgressLine, SeedingTellsTheUploadRate) {
    Progress progress = downloading();
    progress.state = TransferState::seeding;
    progress.done_bytes = progress.total_bytes;
    progress.up_bytes_per_s = 2048;
    progress.peers = 1;
    EXPECT_THAT(progress_line(progress, 120),
                AllOf(HasSubstr("100%"), HasSubstr("seeding"), HasSubstr("↑ 2.00 KiB/s"),
                      HasSubstr("1 peer"), Not(HasSubstr("1 peers")), Not(HasSubstr("left"))));
}

TEST(ProgressLine, NothingKnownYetIsNoPercentage) {
    EXPECT_THAT(progress_line({.name = "x", .state = TransferState::metadata}, 100),
                AllOf(HasSubstr("metadata"), HasSubstr("–"), Not(HasSubstr("%"))));
}

TEST(ProgressLine, AlmostDoneIsNotDone) {
    Progress progress = downloading();
    progress.total_bytes = 1'000'000;
    progress.done_bytes = 999'999;
    EXPECT_THAT(progress_line(progress, 120), HasSubstr("99%"));
}

TEST(Fit, CutsBetweenCharacters) {
    EXPECT_EQ(fit("grün", 4), "grün");
    EXPECT_EQ(fit("grün", 3), "gr…");
    EXPECT_EQ(fit("üüüü", 2), "ü…");
    EXPECT_EQ(fit("abc", 0), "");
}
