#include "engine/swarm/playback.hpp"

#include <gtest/gtest.h>

namespace spate::swarm {
namespace {

constexpr Time start{1'000s};
constexpr std::uint32_t piece_bytes = 1'000;

/// Pieces of a second each.
struct PlaybackTest : testing::Test {
    void begin(Playback::Options options = {}) {
        options.rate_bytes_per_s = piece_bytes;
        playback.emplace(options, pieces, [](PieceIndex) { return piece_bytes; }, start);
    }
    void store(std::uint32_t piece, Time now) {
        pieces.set_stored(PieceIndex(piece));
        playback->on_stored(PieceIndex(piece), pieces, now);
    }
    std::vector<std::uint32_t> urgent(Time now) const {
        std::vector<std::uint32_t> found;
        for (const auto& [due, piece] : playback->urgent(pieces, now).pieces)
            found.push_back(piece.value);
        return found;
    }

    PieceTable pieces{40};
    std::optional<Playback> playback;
};

TEST_F(PlaybackTest, BeginsWhenTheFirstSecondsAreThere) {
    begin();
    store(5, start + 1s);
    for (const std::uint32_t piece : {0U, 1U, 3U}) store(piece, start + 1s);
    EXPECT_FALSE(playback->started_at()) << "the third is missing";
    store(2, start + 2s);
    EXPECT_EQ(playback->started_at(), start + 2s);
}

TEST_F(PlaybackTest, BeginsAtOnceWhenAllIsThereHoweverShortItIs) {
    for (std::uint32_t piece = 0; piece < pieces.size(); ++piece)
        if (piece != 7) pieces.set_skipped(PieceIndex(piece));
    begin();
    EXPECT_FALSE(playback->started_at());
    store(7, start + 3s);
    EXPECT_EQ(playback->started_at(), start + 3s);
    EXPECT_EQ(playback->late_pieces(pieces, start + 100s), 0U);
}

TEST_F(PlaybackTest, BeginsAtAGivenTimeWhateverIsThere) {
    begin({.starts_after = 5s});
    playback->look(pieces, start + 4s);
    EXPECT_FALSE(playback->started_at());
    playback->look(pieces, start + 6s);
    EXPECT_EQ(playback->started_at(), start + 5s);
    EXPECT_EQ(playback->late_pieces(pieces, start + 7500ms), 3U) << "due after 5, 6 and 7 s";
}

TEST_F(PlaybackTest, APieceIsDueWhenThePlayerComesToIt) {
    begin();
    for (const std::uint32_t piece : {0U, 1U, 2U, 3U}) store(piece, start + 1s);
    const auto urgent = playback->urgent(pieces, start + 1s).pieces;
    ASSERT_FALSE(urgent.empty());
    EXPECT_EQ(urgent.front(), (Playback::Due{start + 5s, PieceIndex(4)}));
    EXPECT_EQ(urgent.back(), (Playback::Due{start + 23s, PieceIndex(22)}))
        << "twenty seconds and two pieces ahead";
}

TEST_F(PlaybackTest, BeforeItBeginsTheFirstPiecesAreUrgent) {
    begin();
    EXPECT_EQ(urgent(start + 100s), urgent(start));
    EXPECT_EQ(urgent(start).front(), 0U);
    EXPECT_EQ(urgent(start).back(), 22U);
    EXPECT_EQ(playback->urgent(pieces, start).in_order, 4U) << "what it waits for";
}

TEST_F(PlaybackTest, WhatIsStoredOrNotWantedIsNotUrgent) {
    pieces.set_skipped(PieceIndex(1));
    begin();
    store(2, start);
    EXPECT_EQ(urgent(start).at(0), 0U);
    EXPECT_EQ(urgent(start).at(1), 3U);
    EXPECT_EQ(urgent(start).back(), 23U) << "one skipped";
}

TEST_F(PlaybackTest, PiecesThatComeTooLateAndThoseThatDontComeAreCounted) {
    begin();
    for (const std::uint32_t piece : {0U, 1U, 2U, 3U}) store(piece, start);
    store(4, start + 4s);
    store(5, start + 5001ms);
    EXPECT_EQ(playback->late_pieces(pieces, start + 5500ms), 1U);
    EXPECT_EQ(playback->late_pieces(pieces, start + 7500ms), 3U) << "the seventh and eighth too";
    store(6, start + 8s);
    store(7, start + 8s);
    EXPECT_EQ(playback->late_pieces(pieces, start + 8s), 3U) << "counted once";
    EXPECT_EQ(urgent(start + 9500ms).front(), 8U) << "what is late is urgent still";
}

TEST_F(PlaybackTest, OnlyWhatThePlayerSoonWaitsForIsToBeBegunInOrder) {
    begin();
    for (const std::uint32_t piece : {0U, 1U, 2U, 3U, 5U}) store(piece, start);
    const auto in_order = [&](Time now) { return playback->urgent(pieces, now).in_order; };
    EXPECT_EQ(in_order(start + 4s - Playback::soon - 1ms), 0U);
    EXPECT_EQ(in_order(start + 4s - Playback::soon), 1U);
    EXPECT_EQ(in_order(start + 30s), 1U) << "much is late";
    store(4, start + 30s);
    EXPECT_EQ(urgent(start + 30s).front(), 6U);
    EXPECT_EQ(in_order(start + 30s), 1U);
}

TEST_F(PlaybackTest, SoManyAreUrgentAndNoMore) {
    PieceTable many(3'000);
    Playback fast(
        {.rate_bytes_per_s = 1'000'000}, many, [](PieceIndex) { return piece_bytes; }, start);
    EXPECT_EQ(fast.urgent(many, start).pieces.size(), Playback::urgent_max);
}

}  // namespace
}  // namespace spate::swarm
