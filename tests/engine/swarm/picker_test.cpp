#include "engine/swarm/picker.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <set>

#include <gtest/gtest.h>

#include "tests/engine/swarm/plain_memory.hpp"

using namespace spate;
using namespace spate::swarm;

namespace {

constexpr Time start{100s};
constexpr std::uint32_t piece_length = 2 * block_size_bytes;

/// A core with a torrent of some pieces of two blocks.
struct PickerBench {
    explicit PickerBench(std::uint32_t pieces, std::uint64_t seed = 1)
        : random(seed), table(pieces), availability(pieces), everything(pieces) {
        everything.set_all();
    }

    std::vector<Picker::Pick> pick(Picker& from, std::uint32_t count, Time now = start,
                                   const RequestWindow& window = {}) {
        std::vector<Picker::Pick> out;
        from.pick(everything, window, count, random, now, out);
        return out;
    }
    Picker::Piecewise shape() const {
        return {std::uint64_t{table.size()} * piece_length, piece_length};
    }

    Prng random;
    PieceTable table;
    Availability availability;
    Bitfield everything;
    PlainMemory memory;
    PieceBuffers buffers{memory, 64 << 20};
    Picker picker{CoreIndex(0), shape(), table, availability, buffers};
};

std::set<std::uint32_t> pieces_of(const std::vector<Picker::Pick>& picks) {
    std::set<std::uint32_t> pieces;
    for (const Picker::Pick& pick : picks) pieces.insert(pick.block.piece.value);
    return pieces;
}

}  // namespace

TEST(Picker, FinishesStartedPiecesFirst) {
    PickerBench bench(10);
    const auto first = bench.pick(bench.picker, 1);
    const auto second = bench.pick(bench.picker, 1);
    EXPECT_EQ(first[0].block.piece, second[0].block.piece);
    EXPECT_NE(first[0].block.offset, second[0].block.offset);
}

TEST(Picker, TakesTheRarestOnceItHasSomethingToTrade) {
    PickerBench bench(20);
    for (std::uint32_t i = 0; i < 4; ++i) bench.table.set_stored(PieceIndex(i));
    for (std::uint32_t i = 4; i < 20; ++i)
        for (std::uint32_t n = 0; n < 25 - i; ++n) bench.availability.add(PieceIndex(i));
    const auto picks = bench.pick(bench.picker, 6);
    EXPECT_THAT(pieces_of(picks), testing::ElementsAre(17, 18, 19));
}

TEST(Picker, BreaksTiesAtRandom) {
    std::set<std::uint32_t> firsts;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        PickerBench bench(50, seed);
        firsts.insert(bench.pick(bench.picker, 1)[0].block.piece.value);
    }
    EXPECT_GT(firsts.size(), 10U);
}

TEST(Picker, AsksOnlyForWhatThePeerHas) {
    PickerBench bench(10);
    bench.everything = Bitfield(10);
    bench.everything.set(6);
    EXPECT_THAT(pieces_of(bench.pick(bench.picker, 20)), testing::ElementsAre(6));
}

TEST(Picker, AsksNothingTwiceBeforePatienceRunsOut) {
    PickerBench bench(2);
    EXPECT_EQ(bench.pick(bench.picker, 20).size(), 4U);
    EXPECT_TRUE(bench.pick(bench.picker, 20, start + 100ms).empty());
    EXPECT_EQ(bench.pick(bench.picker, 20, start + 1s).size(), 4U) << "the endgame";
    EXPECT_EQ(bench.pick(bench.picker, 20, start + 1s).size(), 4U);
    EXPECT_TRUE(bench.pick(bench.picker, 20, start + 1s).empty()) << "three times at most";
}

TEST(Picker, AsksNothingTwiceOfOnePeerInOnePick) {
    PickerBench bench(2);
    const auto before = bench.pick(bench.picker, 20);
    EXPECT_TRUE(bench.pick(bench.picker, 20).empty());
    bench.picker.on_request_gone(before.front().block);
    const auto picks = bench.pick(bench.picker, 20, start + 1s);
    std::set<BlockRef> blocks;
    for (const Picker::Pick& pick : picks) EXPECT_TRUE(blocks.insert(pick.block).second);
    EXPECT_EQ(blocks.size(), 4U);
}

TEST(Picker, ClaimsAPieceOfAnotherCoreOnlyInTheEndgame) {
    PickerBench bench(1);
    PieceBuffers other_buffers(bench.memory, 1 << 20);
    Picker other(CoreIndex(1), bench.shape(), bench.table, bench.availability, other_buffers);
    EXPECT_EQ(bench.pick(bench.picker, 5).size(), 2U);
    EXPECT_TRUE(bench.pick(other, 5).empty());
    EXPECT_EQ(bench.table.claim_count(PieceIndex(0)), 1U);
    EXPECT_EQ(bench.pick(other, 5, start + 1s).size(), 2U);
    EXPECT_EQ(bench.table.claim_count(PieceIndex(0)), 2U);
}

TEST(Picker, CompletesAPieceAndGivesItsClaimBack) {
    PickerBench bench(1);
    const auto picks = bench.pick(bench.picker, 2);
    EXPECT_EQ(bench.picker.on_block(picks[0].block, ConnectionId(1)), Picker::Received::accepted);
    EXPECT_EQ(bench.picker.on_block(picks[0].block, ConnectionId(1)), Picker::Received::duplicate);
    EXPECT_EQ(bench.picker.on_block(picks[1].block, ConnectionId(1)),
              Picker::Received::completes_piece);
    bench.picker.drop(PieceIndex(0));
    EXPECT_TRUE(bench.table.missing(PieceIndex(0)));
    EXPECT_EQ(bench.buffers.in_use(), 0U);
}

TEST(Picker, WantOfBuffersLeavesPiecesMissing) {
    PickerBench bench(3);
    PieceBuffers one(bench.memory, 1);
    Picker poor(CoreIndex(1), bench.shape(), bench.table, bench.availability, one);
    EXPECT_EQ(bench.pick(poor, 20).size(), 2U);
    EXPECT_EQ(bench.table.missing_count(), 2U);
    EXPECT_TRUE(one.exhausted());
}
