// A torrent that is played while it comes.
#include <algorithm>

#include "tests/engine/session/session_fixture.hpp"

namespace spate::session {
namespace {

struct SessionPlaybackTest : SessionTest {
    /// A piece takes a second to play.
    void start_playing() {
        piece_count = 64;
        play.emplace().rate_bytes_per_s = piece_length;
        start();
    }
    std::vector<std::uint32_t> pieces_asked_of(const TestPeer& peer) const {
        std::vector<std::uint32_t> pieces;
        for (const BlockRef& block : peer.block_refs(wire::MessageId::request))
            if (pieces.empty() || pieces.back() != block.piece.value)
                pieces.push_back(block.piece.value);
        return pieces;
    }
    void get(TestPeer& peer, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            while (hashes.empty()) answer_requests(peer);
            hash_next(true);
            write_next();
        }
    }
    const TorrentCounters& counters() const { return torrents.front()->counters; }
};

TEST_F(SessionPlaybackTest, TheFirstPiecesAreAskedForInTheirOrder) {
    start_playing();
    TestPeer& seed = connect_seed();
    const auto asked = pieces_asked_of(seed);
    ASSERT_GE(asked.size(), 4U);
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(asked[i], i);
}

TEST_F(SessionPlaybackTest, WhatIsDueWithinTwentySecondsComesBeforeTheRestInAnyOrder) {
    start_playing();
    TestPeer& seed = connect_seed();
    get(seed, 30);
    const auto asked = pieces_asked_of(seed);
    ASSERT_GE(asked.size(), 30U);
    EXPECT_FALSE(std::ranges::is_sorted(asked));
    EXPECT_LT(*std::max_element(asked.begin(), asked.begin() + 18), 4U + 20U + 2U);
    EXPECT_GT(std::ranges::max(asked), 4U + 20U + 2U);
}

TEST_F(SessionPlaybackTest, ItIsToldWhenPlayingBeginsAndHowManyPiecesWereLate) {
    start_playing();
    TestPeer& seed = connect_seed();
    EXPECT_EQ(counters().playing_since.load(), Time{});
    get(seed, 8);
    advance(1s);
    EXPECT_NE(counters().playing_since.load(), Time{});
    EXPECT_EQ(counters().late_pieces, 0U);
    const std::uint32_t there = torrents.front()->pieces.stored_count();
    for (int second = 0; second < 40; ++second) advance(1s);  // the seed sleeps
    EXPECT_GT(counters().late_pieces, 20U);
    EXPECT_LE(counters().late_pieces, piece_count - there);
}

TEST_F(SessionPlaybackTest, OnceAllIsThereItIsNotLookedAtAnyMore) {
    start_playing();
    TestPeer& seed = connect_seed();
    get(seed, piece_count);
    ASSERT_EQ(completed.size(), 1U);
    EXPECT_NE(counters().playing_since.load(), Time{});
    EXPECT_EQ(counters().late_pieces, 0U);
    EXPECT_FALSE(session->find_torrent(TorrentId(0))->playback_due);
}

TEST_F(SessionPlaybackTest, WithoutDeadlinesItIsOnlyWatched) {
    play.emplace().sets_deadlines = false;
    piece_count = 64;
    play->rate_bytes_per_s = piece_length;
    start();
    const auto asked = pieces_asked_of(connect_seed());
    EXPECT_FALSE(std::ranges::is_sorted(asked));
}

}  // namespace
}  // namespace spate::session
