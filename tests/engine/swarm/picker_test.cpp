#include "engine/swarm/picker.hpp"

#include <set>

#include <gtest/gtest.h>

#include "tests/engine/swarm/plain_memory.hpp"

namespace spate::swarm {
namespace {

constexpr Time start{1'000s};
constexpr std::uint32_t blocks_per_piece = 4;
constexpr std::uint32_t piece_length = blocks_per_piece * block_size_bytes;
constexpr std::uint32_t piece_count = 8;
constexpr std::uint32_t last_piece_size = block_size_bytes + 1;
constexpr std::uint64_t total = (piece_count - 1) * std::uint64_t{piece_length} + last_piece_size;

/// Two cores' pickers on one torrent.
struct PickerTest : testing::Test {
    using Picks = std::vector<Picker::Pick>;

    PickerTest() { all.set_all(); }
    Picks pick(std::uint32_t count, Time now = start) {
        return pick(picker, all, RequestWindow(), count, now);
    }
    Picks pick(Picker& from, const Bitfield& has, const RequestWindow& window, std::uint32_t count,
               Time now) {
        PeerPickState state;
        return pick_for(from, {ConnectionId(1), has, window, state}, count, now);
    }
    Picks pick_for(Picker& from, const PickPeer& peer, std::uint32_t count, Time now) {
        Picks out;
        from.pick(peer, count, random, now, out);
        return out;
    }
    Bitfield only(std::uint32_t piece) const {
        Bitfield has(piece_count);
        has.set(piece);
        return has;
    }
    static RequestWindow window_of(const Picks& picks) {
        RequestWindow window;
        for (const auto& one : picks) window.on_request_sent(one.block, start);
        return window;
    }
    void receive(PieceIndex piece, Picker& at) {
        PartialPiece& partial = *at.find(piece);
        for (std::uint32_t i = 0; i < partial.block_count(); ++i)
            if (!partial.received(i)) (void)at.on_block(partial.block(i), ConnectionId(1));
    }

    PlainMemory memory;
    PieceBuffers buffers{memory, 64 * piece_length};
    PieceTable pieces{piece_count};
    Availability availability{piece_count};
    Prng random{7};
    Bitfield all{piece_count};
    static std::uint32_t size_of(PieceIndex piece) {
        return static_cast<std::uint32_t>(
            std::min<std::uint64_t>(piece_length, total - piece.value * piece_length));
    }
    Picker picker{CoreIndex(0), size_of, pieces, availability, buffers};
    Picker other_core{CoreIndex(1), size_of, pieces, availability, buffers};
};

TEST_F(PickerTest, HandsOutEveryBlockOfTheTorrentOnce) {
    std::set<BlockRef> blocks;
    std::uint64_t bytes = 0;
    while (true) {
        const Picks picks = pick(3);
        for (const auto& one : picks) {
            EXPECT_TRUE(blocks.insert(one.block).second);
            EXPECT_EQ(one.slot.at, one.block.offset);
            EXPECT_EQ(one.slot.buffer, picker.find(one.block.piece)->buffer());
            bytes += one.block.length;
        }
        if (picks.size() < 3) break;
    }
    EXPECT_EQ(bytes, total);
    EXPECT_EQ(pieces.missing_count(), 0U);
}

TEST_F(PickerTest, AStartedPieceIsFinishedBeforeAnotherIsBegun) {
    const PieceIndex first = pick(1)[0].block.piece;
    for (const auto& one : pick(3)) EXPECT_EQ(one.block.piece, first);
    EXPECT_NE(pick(1)[0].block.piece, first);
    EXPECT_EQ(picker.partials().size(), 2U);
}

TEST_F(PickerTest, ABlockWhoseRequestIsGoneIsAskedForFirst) {
    const BlockRef lost = pick(6)[1].block;
    picker.on_request_gone(lost, ConnectionId(1));
    EXPECT_EQ(pick(1)[0].block, lost);
}

TEST_F(PickerTest, APeerIsAskedOnlyForWhatItHas) {
    const Picks picks = pick(picker, only(3), RequestWindow(), 100, start);
    EXPECT_EQ(picks.size(), blocks_per_piece);
    for (const auto& one : picks) EXPECT_EQ(one.block.piece, PieceIndex(3));
    EXPECT_TRUE(pick(picker, Bitfield(piece_count), RequestWindow(), 100, start).empty());
}

TEST_F(PickerTest, TheLastBlockCompletesThePiece) {
    const Picks picks = pick(picker, only(3), RequestWindow(), 100, start);
    for (std::size_t i = 0; i + 1 < picks.size(); ++i)
        EXPECT_EQ(picker.on_block(picks[i].block, ConnectionId(1)), Picker::Received::accepted);
    EXPECT_EQ(picker.on_block(picks[0].block, ConnectionId(2)), Picker::Received::duplicate);
    EXPECT_EQ(picker.on_block(picks.back().block, ConnectionId(1)),
              Picker::Received::completes_piece);
}

TEST_F(PickerTest, ADroppedPieceIsMissingAgainAndItsBufferFree) {
    (void)pick(picker, only(3), RequestWindow(), 100, start);
    EXPECT_EQ(buffers.in_use(), 1U);
    picker.drop(PieceIndex(3));
    EXPECT_EQ(buffers.in_use(), 0U);
    EXPECT_TRUE(pieces.missing(PieceIndex(3)));
    EXPECT_EQ(picker.on_block({PieceIndex(3), 0, block_size_bytes}, ConnectionId(1)),
              Picker::Received::duplicate);
}

TEST_F(PickerTest, WithoutABufferNothingIsClaimed) {
    PieceBuffers few(memory, 2 * piece_length);
    Picker poor(CoreIndex(2), size_of, pieces, availability, few);
    const Picks picks = pick(poor, all, RequestWindow(), 100, start);
    EXPECT_LE(picks.size(), 2 * blocks_per_piece);
    EXPECT_EQ(pieces.missing_count(), piece_count - 2);
    EXPECT_TRUE(few.exhausted());
}

TEST_F(PickerTest, NothingIsAskedForTwiceBeforeThePatienceIsOut) {
    const Picks first = pick(1'000);
    EXPECT_EQ(first.size(), 7 * blocks_per_piece + 2);
    EXPECT_TRUE(pick(1'000).empty()) << "another peer, the same moment";
    EXPECT_TRUE(pick(1'000, start + Picker::endgame_patience - 1ms).empty());
    EXPECT_EQ(pick(1'000, start + Picker::endgame_patience).size(), first.size());
}

TEST_F(PickerTest, NothingIsAskedForTwiceWhileAPieceIsMissing) {
    Bitfield most = all;
    most.reset(5);
    (void)pick(picker, most, RequestWindow(), 1'000, start);
    EXPECT_EQ(pieces.missing_count(), 1U);
    EXPECT_TRUE(pick(picker, most, RequestWindow(), 1'000, start + 1h).empty());
}

TEST_F(PickerTest, ABlockIsAskedOfThreePeersAtMostAndOfEachOnce) {
    const Time endgame = start + 1s;
    const RequestWindow first = window_of(pick(1'000));
    EXPECT_TRUE(pick(picker, all, first, 1'000, endgame).empty()) << "it was asked for them all";
    const std::size_t blocks = first.outstanding();
    EXPECT_EQ(pick(1'000, endgame).size(), blocks);
    EXPECT_EQ(pick(1'000, endgame).size(), blocks);
    EXPECT_TRUE(pick(1'000, endgame).empty());
    static_assert(Picker::endgame_requests_max == 3);
}

TEST_F(PickerTest, SilentPeersDoNotKeepTheLastBlocksFromOneThatGives) {
    const Time endgame = start + 1s;
    const std::size_t blocks = pick(1'000).size();
    PeerPickState state;
    const RequestWindow empty;
    PickPeer peer{ConnectionId(2), all, empty, state};
    peer.silent = true;
    EXPECT_TRUE(pick_for(picker, peer, 1'000, endgame).empty()) << "it has had its time";
    for (unsigned i = 1; i < Picker::endgame_requests_max; ++i) (void)pick(1'000, endgame);
    peer.silent = false;
    EXPECT_TRUE(pick_for(picker, peer, 1'000, endgame).empty());
    peer.gives = true;
    for (unsigned i = 0; i < Picker::endgame_givers_max; ++i)
        EXPECT_EQ(pick_for(picker, peer, 1'000, endgame).size(), blocks);
    EXPECT_TRUE(pick_for(picker, peer, 1'000, endgame).empty());
}

TEST_F(PickerTest, InTheEndgameABlockThatBecameFreeIsAskedOfAPeerOnce) {
    const Picks first = pick(1'000);
    for (const auto& one : first) picker.on_request_gone(one.block, ConnectionId(1));
    EXPECT_EQ(pick(1'000, start + 1s).size(), first.size());
}

TEST_F(PickerTest, AReceivedBlockIsNotAskedForInTheEndgame) {
    const Picks first = pick(1'000);
    (void)picker.on_block(first[0].block, ConnectionId(1));
    const Picks endgame = pick(1'000, start + 1s);
    EXPECT_EQ(endgame.size(), first.size() - 1);
    for (const auto& one : endgame) EXPECT_NE(one.block, first[0].block);
    EXPECT_EQ(picker.requests(first[1].block), 2U);
    EXPECT_EQ(picker.requests(first[0].block), 0U);
}

TEST_F(PickerTest, InTheEndgameAPieceOfAnotherCoreIsClaimedASecondTime) {
    (void)pick(1'000);
    EXPECT_TRUE(pick(other_core, all, RequestWindow(), 2, start).empty());
    const Picks picks = pick(other_core, all, RequestWindow(), 2, start + 1s);
    ASSERT_EQ(picks.size(), 2U);
    const PieceIndex piece = picks[0].block.piece;
    EXPECT_EQ(pieces.claim_count(piece), 2U);
    EXPECT_NE(picks[0].slot.buffer, picker.find(piece)->buffer());
    receive(piece, other_core);
    EXPECT_TRUE(pieces.store(piece));
    other_core.drop(piece);
    picker.drop(piece);
    EXPECT_TRUE(pieces.stored(piece));
}

TEST_F(PickerTest, APieceThatIsPickedInOrderIsTheFirstThatThePeerHas) {
    picker.set_mode(PieceMode::in_order);
    for (std::uint32_t expected = 0; expected < 3; ++expected)
        for (const auto& one : pick(blocks_per_piece))
            EXPECT_EQ(one.block.piece, PieceIndex(expected));
    EXPECT_EQ(pick(picker, only(6), RequestWindow(), 1, start)[0].block.piece, PieceIndex(6));
    EXPECT_EQ(pick(1)[0].block.piece, PieceIndex(6)) << "what was begun is finished first";
}

TEST_F(PickerTest, PiecesOfHighPriorityComeFirstAndOfLowLast) {
    picker.set_priority(PieceIndex(5), PiecePriority::high);
    picker.set_priority(PieceIndex(2), PiecePriority::low);
    EXPECT_EQ(pick(blocks_per_piece)[0].block.piece, PieceIndex(5));
    for (std::uint32_t i = 0; i < piece_count - 2; ++i)
        EXPECT_NE(pick(blocks_per_piece)[0].block.piece, PieceIndex(2));
}

TEST_F(PickerTest, TheLastBlocksOfASlowPeerAreStolenByAFastOne) {
    PeerPickState state;
    const RequestWindow empty;
    const Picks held = pick(picker, only(3), RequestWindow(), 100, start);
    // Everything else is somebody's too, but for one piece that the fast peer lacks.
    Bitfield has = all;
    has.reset(5);
    (void)pick(picker, has, RequestWindow(), 1'000, start);
    const PickPeer lacking{ConnectionId(2), has, empty, state, 1'000'000};
    EXPECT_TRUE(pick_for(picker, lacking, 100, start + Picker::steal_after - 1s).empty());
    const PickPeer slow{ConnectionId(3), has, empty, state, 1'000};
    EXPECT_TRUE(pick_for(picker, slow, 100, start + Picker::steal_after).empty());
    const Picks stolen = pick_for(picker, lacking, blocks_per_piece, start + Picker::steal_after);
    ASSERT_EQ(stolen.size(), held.size());
    EXPECT_EQ(stolen[0].block.piece, PieceIndex(3)) << "the one that waits longest";
    EXPECT_EQ(picker.requests(held[0].block), 2U);
}

TEST_F(PickerTest, APieceThatThePeerRejectedIsNotAskedOfItForAWhile) {
    PeerPickState state;
    const RequestWindow empty;
    const Bitfield three = only(3);
    const PickPeer peer{ConnectionId(2), three, empty, state};
    state.rejects.on_reject(PieceIndex(3), start);
    EXPECT_TRUE(pick_for(picker, peer, 1, start).empty());
    EXPECT_EQ(pick_for(picker, peer, 1, start + RejectBackoff::delay_min).size(), 1U);
}

TEST_F(PickerTest, WhoSharesNoBlocksIsAskedForNoneTwice) {
    const Picks first = pick(1'000);
    PeerPickState state;
    state.shares_blocks = false;
    const RequestWindow empty;
    const PickPeer suspect{ConnectionId(2), all, empty, state};
    EXPECT_TRUE(pick_for(picker, suspect, 1'000, start + 1s).empty());
    // What it is asked for alone, nobody else is asked for.
    picker.on_request_gone(first[0].block, ConnectionId(1));
    ASSERT_EQ(pick_for(picker, suspect, 1, start + 1s).size(), 1U);
    for (const auto& one : pick(1'000, start + 2s)) EXPECT_NE(one.block, first[0].block);
}

TEST_F(PickerTest, APieceThatWasGivenUpIsTakenByAnotherPeerAtOnce) {
    (void)pick(1'000);
    picker.drop(PieceIndex(3));
    const Picks picks = pick(100);
    ASSERT_EQ(picks.size(), blocks_per_piece);
    EXPECT_EQ(picks[0].block.piece, PieceIndex(3));
}

TEST_F(PickerTest, APieceThatAPeerAnnouncesIsSeenAtOnce) {
    PeerPickState state;
    Bitfield has = only(3);
    const RequestWindow empty;
    const PickPeer peer{ConnectionId(2), has, empty, state};
    EXPECT_EQ(pick_for(picker, peer, 100, start).size(), blocks_per_piece);
    EXPECT_TRUE(pick_for(picker, peer, 100, start).empty());
    has.set(6);
    picker.on_have(state, PieceIndex(6));
    EXPECT_EQ(pick_for(picker, peer, 100, start).size(), blocks_per_piece);
}

TEST_F(PickerTest, FetchingAheadChangesNoChoice) {
    PieceTable same_pieces(piece_count);
    Picker same(CoreIndex(0), size_of, same_pieces, availability, buffers);
    Prng same_random = random;
    PeerPickState state;
    PeerPickState same_state;
    Bitfield has = all;
    has.reset(3);
    for (int call = 0; call < 10; ++call) {
        Picks out;
        Picks expected;
        picker.pick({ConnectionId(1), has, RequestWindow(), state}, 3, random, start, out);
        same.fetch_ahead(has, same_state);
        same.pick({ConnectionId(1), has, RequestWindow(), same_state}, 3, same_random, start,
                  expected);
        ASSERT_EQ(out.size(), expected.size());
        for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i].block, expected[i].block);
    }
    same.fetch_ahead(Bitfield(), same_state);  // of a peer that hasn't said anything yet
}

TEST_F(PickerTest, GivesEverythingBackWhenItGoes) {
    {
        Picker temporary(CoreIndex(3), size_of, pieces, availability, buffers);
        (void)pick(temporary, all, RequestWindow(), 1'000, start);
        EXPECT_EQ(pieces.missing_count(), 0U);
    }
    EXPECT_EQ(pieces.missing_count(), piece_count);
    EXPECT_EQ(buffers.in_use(), 0U);
}

}  // namespace
}  // namespace spate::swarm
