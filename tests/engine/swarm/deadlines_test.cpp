// Pieces with a deadline, as the picker picks them.
#include "engine/swarm/deadlines.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "engine/swarm/picker.hpp"
#include "tests/engine/swarm/plain_memory.hpp"

namespace spate::swarm {
namespace {

constexpr Time start{1'000s};
constexpr std::uint32_t blocks_per_piece = 4;
constexpr std::uint32_t piece_length = blocks_per_piece * block_size_bytes;
constexpr std::uint32_t piece_count = 64;
constexpr std::uint64_t fast_rate = 1 << 20;
constexpr std::uint64_t slow_rate = 1 << 10;  // a block in 16 seconds

/// Peers that have everything, and two seeds in the counters.
struct DeadlinesTest : testing::Test {
    using Picks = std::vector<Picker::Pick>;

    DeadlinesTest() {
        all.set_all();
        availability.add_seed();
        availability.add_seed();
    }
    Picks pick(std::uint32_t id, std::uint64_t rate, std::uint32_t count, Time now = start) {
        Picks out;
        RequestWindow& window = windows[id];
        picker.pick({ConnectionId(id), all, window, states[id], rate}, count, random, now, out);
        for (const auto& one : out) window.on_request_sent(one.block, now);
        return out;
    }
    /// Its speed is known from a piece that was urgent.
    void meet(std::uint32_t id) {
        due({{start + 10s, PieceIndex(0)}});
        (void)pick(id, fast_rate, 1);
    }
    static std::set<std::uint32_t> pieces_of(const Picks& picks) {
        std::set<std::uint32_t> found;
        for (const auto& one : picks) found.insert(one.block.piece.value);
        return found;
    }
    void due(std::vector<Deadlines::Due> dues, std::size_t in_order = 0) {
        picker.set_deadlines(dues, in_order);
    }

    static constexpr std::uint32_t slow = 1;
    static constexpr std::uint32_t fast = 2;
    static constexpr std::uint32_t other = 3;
    static constexpr PieceIndex fourth{4};
    PlainMemory memory;
    PieceBuffers buffers{memory, 2 * piece_count* piece_length};
    PieceTable pieces{piece_count};
    Availability availability{piece_count};
    Prng random{7};
    Bitfield all{piece_count};
    std::map<std::uint32_t, RequestWindow> windows;
    std::map<std::uint32_t, PeerPickState> states;
    Picker picker{CoreIndex(0), [](PieceIndex) { return piece_length; }, pieces, availability,
                  buffers};
};

TEST_F(DeadlinesTest, PiecesWithADeadlineComeBeforeThoseThatWereBegun) {
    (void)pick(other, fast_rate, 1);
    due({{start + 5s, fourth}, {start + 10s, PieceIndex(60)}}, 2);
    const Picks picks = pick(fast, fast_rate, 2 * blocks_per_piece + 1);
    for (std::uint32_t i = 0; i < blocks_per_piece; ++i) {
        EXPECT_EQ(picks[i].block.piece, fourth);
        EXPECT_EQ(picks[blocks_per_piece + i].block.piece, PieceIndex(60));
    }
    EXPECT_FALSE(pieces_of({picks.back()}).contains(60)) << "then whatever comes next";
}

TEST_F(DeadlinesTest, AfterThoseThatComeInOrderTheRarestComesFirst) {
    const PieceIndex rare(60);
    for (std::uint32_t piece = 0; piece < piece_count; ++piece)
        if (piece != rare.value) availability.add(PieceIndex(piece), CoreIndex(0));
    due({{start + 1s, PieceIndex(9)}, {start + 5s, fourth}, {start + 10s, rare}}, 1);
    const Picks picks = pick(fast, fast_rate, 3 * blocks_per_piece);
    EXPECT_EQ(picks[0].block.piece, PieceIndex(9)) << "this one can't wait";
    EXPECT_EQ(picks[blocks_per_piece].block.piece, rare);
    EXPECT_EQ(picks[2 * blocks_per_piece].block.piece, fourth);
}

TEST_F(DeadlinesTest, AnyOfTheRarestIsBegunButWhatWasBegunIsGoneOnWith) {
    std::vector<Deadlines::Due> dues;
    for (std::uint32_t piece = 0; piece < piece_count; ++piece)
        dues.emplace_back(start + 3s + piece * 100ms, PieceIndex(piece));
    due(dues);
    std::set<std::uint32_t> begun;
    for (int i = 0; i < 8; ++i) {
        const auto first = pieces_of(pick(fast, fast_rate, 1));
        EXPECT_EQ(pieces_of(pick(other, fast_rate, blocks_per_piece - 1)), first);
        begun.merge(pieces_of({pick(fast, fast_rate, 1).front()}));
        EXPECT_EQ(pieces_of(pick(other, fast_rate, blocks_per_piece - 1)).size(), 1U);
    }
    EXPECT_GT(*begun.rbegin(), begun.size()) << "not in order";
}

TEST_F(DeadlinesTest, WhatASlowPeerWouldDeliverTooLateIsLeftToASoonerOne) {
    meet(fast);
    due({{start + 10s, fourth}});
    const Picks of_slow = pick(slow, slow_rate, 8);
    EXPECT_EQ(of_slow.size(), 8U) << "it has other things to do";
    EXPECT_FALSE(pieces_of(of_slow).contains(4));
    EXPECT_EQ(pieces_of(pick(fast, fast_rate, blocks_per_piece)), std::set<std::uint32_t>{4});
}

TEST_F(DeadlinesTest, ASlowPeerThatIsInTimeIsAsked) {
    meet(fast);
    due({{start + 20s, fourth}});
    const Picks of_slow = pick(slow, slow_rate, 2);
    EXPECT_EQ(of_slow[0].block.piece, fourth);
    EXPECT_NE(of_slow[1].block.piece, fourth) << "16 seconds for each";
}

TEST_F(DeadlinesTest, ASlowPeerIsAskedWhenNobodyIsSooner) {
    due({{start + 10s, fourth}});
    EXPECT_TRUE(pieces_of(pick(slow, slow_rate, 1)).contains(4)) << "it is alone";
    meet(fast);
    due({{start + 10s, PieceIndex(60)}});
    const Time later = start + Deadlines::speed_validity + 1s;
    EXPECT_FALSE(pieces_of(pick(slow, slow_rate, 1)).contains(60));
    EXPECT_TRUE(pieces_of(pick(slow, slow_rate, 1, later)).contains(60))
        << "the fast one wasn't heard of for long";
}

TEST_F(DeadlinesTest, ASlowPeerIsAskedForWhatNobodyElseHas) {
    availability.remove_seed();
    meet(fast);
    due({{start + 10s, fourth}});
    EXPECT_TRUE(pieces_of(pick(slow, slow_rate, 1)).contains(4));
}

TEST_F(DeadlinesTest, ABlockThatWouldBeLateIsAskedOfAFasterPeerAndOfNoThird) {
    due({{start + 10s, fourth}});
    const Picks first = pick(slow, slow_rate, blocks_per_piece);
    ASSERT_EQ(pieces_of(first), std::set<std::uint32_t>{4});
    const Picks second = pick(fast, fast_rate, blocks_per_piece, start + 1s);
    ASSERT_EQ(pieces_of(second), std::set<std::uint32_t>{4});
    for (const auto& one : second) EXPECT_EQ(picker.requests(one.block), 2U);
    EXPECT_FALSE(pieces_of(pick(other, fast_rate, blocks_per_piece, start + 1s)).contains(4));
}

TEST_F(DeadlinesTest, ABlockThatIsInTimeIsAskedOnce) {
    due({{start + 10s, fourth}});
    EXPECT_EQ(pieces_of(pick(fast, fast_rate, blocks_per_piece)), std::set<std::uint32_t>{4});
    EXPECT_FALSE(pieces_of(pick(other, 4 * fast_rate, blocks_per_piece)).contains(4));
}

TEST_F(DeadlinesTest, ABlockThatDoesNotComeWhenItShouldIsAskedOfAnother) {
    due({{start + 10s, fourth}});
    (void)pick(fast, fast_rate, blocks_per_piece);
    EXPECT_FALSE(pieces_of(pick(other, fast_rate, 8, start + 4s)).contains(4));
    EXPECT_TRUE(pieces_of(pick(other, fast_rate, 8, start + 8s)).contains(4));
}

TEST_F(DeadlinesTest, ABlockThatWasAskedForBeforeItWasUrgentIsAskedAgainWhenItsDeadlineIsNear) {
    const Picks before = pick(slow, slow_rate, 1);
    due({{start + 10s, before[0].block.piece}});
    const auto asked_again = [&](Time now) {
        const Picks picks = pick(fast, fast_rate, blocks_per_piece, now);
        return std::ranges::any_of(picks,
                                   [&](const auto& one) { return one.block == before[0].block; });
    };
    EXPECT_FALSE(asked_again(start + 1s));
    EXPECT_TRUE(asked_again(start + 10s - Deadlines::margin));
}

TEST_F(DeadlinesTest, SecondRequestsAreBounded) {
    std::vector<Deadlines::Due> dues;
    for (std::uint32_t i = 0; i < piece_count; ++i) dues.emplace_back(start + 10s, PieceIndex(i));
    due(dues);
    const std::uint32_t blocks = piece_count * blocks_per_piece;
    EXPECT_EQ(pick(slow, slow_rate, blocks).size(), blocks);
    std::size_t seconds = 0;
    for (std::uint32_t round = 0; round < 20; ++round)
        for (const auto& one : pick(fast, fast_rate, blocks, start + 100ms))
            if (picker.requests(one.block) == 2) ++seconds;
    EXPECT_GT(seconds, Deadlines::duplicates_spare);
    EXPECT_LE(seconds, Deadlines::duplicates_spare + 2 * blocks / Deadlines::asks_per_duplicate);
}

TEST_F(DeadlinesTest, NewDeadlinesReplaceTheOldAndRememberWhatWasAskedFor) {
    due({{start + 10s, fourth}, {start + 11s, PieceIndex(5)}});
    (void)pick(fast, fast_rate, blocks_per_piece);
    due({{start + 9s, fourth}});
    EXPECT_FALSE(pieces_of(pick(other, fast_rate, 1, start + 7500ms)).contains(5)) << "no more";
    Deadlines deadlines(piece_count);
    const std::vector<Deadlines::Due> one{{start, fourth}};
    deadlines.replace(one, 0);
    deadlines.note_asked(deadlines.entries().front(), 2, start + 3s);
    deadlines.replace(one, 0);
    ASSERT_EQ(deadlines.entries().front().expected.size(), 3U);
    EXPECT_EQ(deadlines.entries().front().expected[2], start + 3s);
    deadlines.replace({}, 0);
    EXPECT_FALSE(deadlines.has(fourth));
}

TEST_F(DeadlinesTest, SoManyPiecesAndPeersAndNoMore) {
    constexpr ConnectionId nobody{1'000'000};
    Deadlines deadlines(2 * Deadlines::pieces_max);
    std::vector<Deadlines::Due> dues;
    for (std::uint32_t i = 0; i < 2 * Deadlines::pieces_max; ++i)
        dues.emplace_back(start, PieceIndex(i));
    deadlines.replace(dues, 0);
    EXPECT_EQ(deadlines.entries().size(), Deadlines::pieces_max);
    EXPECT_FALSE(deadlines.has(PieceIndex(Deadlines::pieces_max)));
    for (std::uint32_t id = 0; id < Deadlines::peers_max; ++id)
        deadlines.note_speed(ConnectionId(id), 60s, start);
    deadlines.note_speed(ConnectionId(Deadlines::peers_max), 1ms, start);
    EXPECT_FALSE(deadlines.leaves_to_sooner({start + 10s, fourth, {}}, nobody, start + 60s, start))
        << "one too many to be remembered";
    const Time later = start + Deadlines::speed_validity + 1s;
    deadlines.note_speed(ConnectionId(Deadlines::peers_max), 1ms, later);
    EXPECT_TRUE(deadlines.leaves_to_sooner({later + 10s, fourth, {}}, nobody, later + 60s, later));
}

}  // namespace
}  // namespace spate::swarm
