#include "engine/driver/failing_writes.hpp"

#include <array>

#include <gtest/gtest.h>

namespace spate::driver {
namespace {

constexpr Time start{1'000s};
constexpr TorrentId torrent{0};

/// Writes are told apart by their addresses alone.
struct FailingWritesTest : testing::Test {
    PieceWrite& write(std::size_t number) {
        return *reinterpret_cast<PieceWrite*>(&places[number]);
    }
    std::array<std::uint64_t, 4> places{};
    FailingWrites writes;
};

using Held = FailingWrites::Held;

TEST_F(FailingWritesTest, OnePieceOfATorrentIsTriedAgainAfterPausesThatGrowToABound) {
    Time now = start;
    Duration pause{};
    for (int tries = 0; tries < 8; ++tries) {
        EXPECT_EQ(writes.hold(torrent, write(0), now), tries == 0 ? Held::first : Held::again);
        EXPECT_EQ(writes.hold(torrent, write(1), now), Held::other);
        EXPECT_TRUE(writes.take_due(now).empty());
        pause = *writes.next_timeout() - now;
        now += pause;
        EXPECT_EQ(writes.take_due(now), std::vector<PieceWrite*>{&write(0)});
        EXPECT_FALSE(writes.next_timeout()) << "it is being tried";
    }
    EXPECT_EQ(pause, FailingWrites::pause_max);
}

TEST_F(FailingWritesTest, OnlyTheProbesEndLetsItsTorrentGoOn) {
    writes.hold(torrent, write(0), start);
    EXPECT_FALSE(writes.release(torrent, write(1)));
    EXPECT_FALSE(writes.release(TorrentId(1), write(0)));
    EXPECT_TRUE(writes.release(torrent, write(0)));
    EXPECT_FALSE(writes.release(torrent, write(0)));
    EXPECT_EQ(writes.hold(torrent, write(2), start), Held::first);
    EXPECT_EQ(*writes.next_timeout(), start + FailingWrites::pause_min);
}

TEST_F(FailingWritesTest, AtTheEndAllAreTaken) {
    writes.hold(torrent, write(0), start);
    writes.hold(TorrentId(1), write(1), start);
    EXPECT_EQ(writes.take_all().size(), 2U);
    EXPECT_TRUE(writes.take_all().empty());
}

}  // namespace
}  // namespace spate::driver
