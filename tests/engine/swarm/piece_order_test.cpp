#include "engine/swarm/piece_order.hpp"

#include <map>
#include <set>

#include <gtest/gtest.h>

namespace spate::swarm {
namespace {

constexpr Time start{1'000s};
constexpr CoreIndex core{0};

struct PieceOrderTest : testing::Test {
    static constexpr std::uint32_t piece_count = 24;

    PieceOrderTest() { peer_has.set_all(); }

    /// Enough stored pieces that the order is rarest first: the last four.
    void store_the_first_few() {
        for (std::uint32_t i = 0; i < PieceOrder::random_first_pieces; ++i)
            pieces.set_stored(PieceIndex(piece_count - 1 - i));
    }
    std::optional<PieceIndex> next(PieceOrder& order, std::uint64_t seed, Time now = start) {
        Prng random(seed);
        PieceOrder::Cursor cursor;
        return order.first_missing(peer_has, cursor, pieces, availability, random, now);
    }

    PieceTable pieces{piece_count};
    Availability availability{piece_count};
    Bitfield peer_has{piece_count};
};

TEST_F(PieceOrderTest, TheRarestPieceComesFirst) {
    store_the_first_few();
    for (std::uint32_t piece = 0; piece < piece_count; ++piece)
        for (std::uint32_t i = 0; i < (piece == 13 ? 1 : 2 + piece % 3); ++i)
            availability.add(PieceIndex(piece), core);
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        PieceOrder order;
        EXPECT_EQ(next(order, seed), PieceIndex(13));
    }
}

TEST_F(PieceOrderTest, EquallyRarePiecesComeInRandomOrder) {
    store_the_first_few();
    for (std::uint32_t piece = 4; piece < piece_count; ++piece)
        availability.add(PieceIndex(piece), core);
    std::map<std::uint32_t, int> first;
    for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
        PieceOrder order;
        ++first[next(order, seed)->value];
    }
    ASSERT_EQ(first.size(), 4U);  // pieces 0 to 3 are of the same rarity
    for (const auto& [piece, count] : first) EXPECT_NEAR(count, 500, 100) << piece;
}

TEST_F(PieceOrderTest, TheFirstFewPiecesAreRandomWhateverTheirRarity) {
    for (std::uint32_t piece = 1; piece < piece_count; ++piece)
        availability.add(PieceIndex(piece), core);
    std::map<std::uint32_t, int> first;
    for (std::uint64_t seed = 0; seed < 2'400; ++seed) {
        PieceOrder order;
        ++first[next(order, seed)->value];
    }
    ASSERT_EQ(first.size(), piece_count);
    for (const auto& [piece, count] : first) EXPECT_NEAR(count, 100, 50) << piece;
}

TEST_F(PieceOrderTest, OnlyPiecesThatThePeerHasAreNamed) {
    peer_has = Bitfield(piece_count);
    PieceOrder order;
    EXPECT_FALSE(next(order, 1));
    peer_has.set(11);
    EXPECT_EQ(next(order, 1), PieceIndex(11));
    ASSERT_TRUE(pieces.claim(PieceIndex(11), core));
    EXPECT_FALSE(next(order, 1));
}

TEST_F(PieceOrderTest, AReleasedPieceIsNamedAgainWhenTheListIsRenewed) {
    PieceOrder order;
    const PieceIndex piece = *next(order, 1);
    ASSERT_TRUE(pieces.claim(piece, core));
    EXPECT_NE(next(order, 1), piece);
    pieces.release(piece, core);
    bool named = false;
    while (const auto other = next(order, 1, start + PieceOrder::staleness)) {
        named |= *other == piece;
        ASSERT_TRUE(pieces.claim(*other, core));
    }
    EXPECT_TRUE(named);
}

TEST_F(PieceOrderTest, ChangedRaritiesAreSeenWhenTheListIsRenewed) {
    store_the_first_few();
    for (std::uint32_t piece = 0; piece < piece_count; ++piece)
        if (piece != 5) availability.add(PieceIndex(piece), core);
    PieceOrder order;
    EXPECT_EQ(next(order, 1), PieceIndex(5));
    availability.add(PieceIndex(5), core);
    availability.remove(PieceIndex(9), core);
    EXPECT_EQ(next(order, 1, start + PieceOrder::staleness), PieceIndex(9));
}

TEST_F(PieceOrderTest, TheListIsRenewedAFewPiecesAtATimeAndSeesChangesWithinItsStaleness) {
    store_the_first_few();
    for (std::uint32_t piece = 0; piece < piece_count; ++piece)
        if (piece != 5) availability.add(PieceIndex(piece), core);
    PieceOrder order;
    EXPECT_EQ(next(order, 1), PieceIndex(5));
    availability.add(PieceIndex(5), core);
    availability.remove(PieceIndex(9), core);
    for (Duration passed = 10ms; passed <= PieceOrder::staleness; passed += 10ms)
        (void)next(order, 1, start + passed);
    EXPECT_EQ(next(order, 1, start + PieceOrder::staleness), PieceIndex(9));
    EXPECT_GE(order.generation(), 3U);
}

TEST_F(PieceOrderTest, ACursorWalksTheListOnceAndGoesBackForAnAnnouncedPiece) {
    Prng random(1);
    PieceOrder order;
    PieceOrder::Cursor cursor;
    Bitfield has(piece_count);
    const auto first = [&] {
        return order.first_missing(has, cursor, pieces, availability, random, start);
    };
    EXPECT_FALSE(first());
    has.set(7);
    EXPECT_FALSE(first()) << "the cursor is at the end";
    order.rewind(cursor, PieceIndex(7));
    EXPECT_EQ(first(), PieceIndex(7));
    order.skip(cursor);
    EXPECT_FALSE(first());
}

TEST_F(PieceOrderTest, APieceThatWasNotMissingWhenTheListWasMadeMovesNoCursor) {
    store_the_first_few();
    pieces.set_skipped(PieceIndex(5));
    PieceOrder order;
    Prng random(1);
    PieceOrder::Cursor cursor;
    std::set<PieceIndex> named;
    while (const auto piece =
               order.first_missing(peer_has, cursor, pieces, availability, random, start)) {
        EXPECT_TRUE(pieces.missing(*piece));
        named.insert(*piece);
        order.skip(cursor);
        const std::uint32_t position = cursor.position;
        order.rewind(cursor, PieceIndex(5));
        EXPECT_EQ(cursor.position, position);
    }
    EXPECT_EQ(named.size(), pieces.missing_count());
}

}  // namespace
}  // namespace spate::swarm
