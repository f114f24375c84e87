// The piece table under every interleaving of its atomic steps.
#include <array>

#include <gtest/gtest.h>

#include "engine/swarm/piece_table.hpp"
#include "tests/engine/swarm/model.hpp"

namespace spate::swarm {
namespace {

constexpr PieceIndex piece{0};

CoreIndex core(std::uint16_t index) {
    return CoreIndex(index);
}

/// What a core did, and what came of it.
struct Outcome {
    bool claimed = false;
    bool claimed_again = false;
    bool stored_first = false;
    bool holds = false;
};

struct PieceTableModel : testing::Test {
    using Table = BasicPieceTable<ModelAtomics>;

    PieceTableModel() {
        Model::current() = &model;
        table = std::make_unique<Table>(1);
    }
    ~PieceTableModel() override { Model::current() = nullptr; }

    /// At every end the counters say what the states say, and the claims are those of the holders.
    void explore(const std::vector<Model::Program>& programs, const Model::Check& at_end) {
        const auto at_each = [&] {
            EXPECT_LE(table->missing_count(), table->size());
            EXPECT_LE(table->stored_count(), table->size());
            EXPECT_LE(table->claim_count(piece), 2U);
        };
        model.explore(programs, at_each, [&] {
            EXPECT_EQ(table->missing_count(), table->missing(piece) ? 1U : 0U);
            EXPECT_EQ(table->stored_count(), table->stored(piece) ? 1U : 0U);
            unsigned holders = 0;
            for (std::uint16_t i = 0; i < outcomes.size(); ++i)
                if (outcomes[i].holds && !table->stored(piece)) {
                    ++holders;
                    EXPECT_TRUE(table->claimed_by(piece, core(i)));
                }
            EXPECT_EQ(table->claim_count(piece), holders);
            at_end();
        });
        EXPECT_GT(model.ends(), 1U);
        RecordProperty("states", static_cast<int>(model.states()));
    }

    void claim(std::uint16_t index) {
        outcomes[index] = {};
        outcomes[index].claimed = table->claim(piece, core(index));
        outcomes[index].holds = outcomes[index].claimed;
    }
    void claim_or_join(std::uint16_t index) {
        claim(index);
        if (outcomes[index].holds) return;
        outcomes[index].claimed_again = table->claim_again(piece, core(index));
        outcomes[index].holds = outcomes[index].claimed_again;
    }
    void release(std::uint16_t index) {
        if (!outcomes[index].holds) return;
        table->release(piece, core(index));
        outcomes[index].holds = false;
    }
    void store(std::uint16_t index) {
        if (outcomes[index].holds) outcomes[index].stored_first = table->store(piece);
    }

    Model model;
    std::unique_ptr<Table> table;
    std::array<Outcome, 3> outcomes;
};

TEST_F(PieceTableModel, OfThreeCoresOneGetsTheClaim) {
    explore({[&] { claim(0); }, [&] { claim(1); }, [&] { claim(2); }},
            [&] { EXPECT_EQ(outcomes[0].claimed + outcomes[1].claimed + outcomes[2].claimed, 1); });
}

TEST_F(PieceTableModel, AtMostTwoHoldThePieceHoweverManyTry) {
    explore({[&] { claim_or_join(0); }, [&] { claim_or_join(1); }, [&] { claim_or_join(2); }}, [&] {
        EXPECT_EQ(outcomes[0].claimed + outcomes[1].claimed + outcomes[2].claimed, 1);
        EXPECT_LE(outcomes[0].claimed_again + outcomes[1].claimed_again + outcomes[2].claimed_again,
                  1);
    });
}

TEST_F(PieceTableModel, WhatEverybodyGivesUpIsMissingAgain) {
    const auto visit = [&](std::uint16_t index) {
        return [&, index] {
            claim_or_join(index);
            release(index);
        };
    };
    explore({visit(0), visit(1), visit(2)}, [&] { EXPECT_TRUE(table->missing(piece)); });
}

TEST_F(PieceTableModel, OfTwoThatStoreThePieceOneIsFirst) {
    const auto get = [&](std::uint16_t index) {
        return [&, index] {
            claim_or_join(index);
            store(index);
            release(index);
        };
    };
    explore({get(0), get(1)}, [&] {
        EXPECT_TRUE(table->stored(piece));
        EXPECT_EQ(outcomes[0].stored_first + outcomes[1].stored_first, 1);
        EXPECT_TRUE(table->complete());
    });
}

TEST_F(PieceTableModel, AStoredPieceStaysStoredWhoeverGivesItUp) {
    explore({[&] {
                 claim_or_join(0);
                 store(0);
             },
             [&] {
                 claim_or_join(1);
                 release(1);
             },
             [&] { claim_or_join(2); }},
            [&] {
                const bool stored_by_0 = outcomes[0].stored_first;
                EXPECT_EQ(table->stored(piece), stored_by_0);
            });
}

TEST_F(PieceTableModel, APieceInDoubtIsNobodysUntilItIsSettledAndThenMayBeClaimed) {
    table->set_stored(piece);
    unsigned doubts = 0;
    explore({[&] {
                 doubts = table->doubt(piece) ? 1 : 0;
                 (void)table->settle(piece, Table::Verdict::missing);
             },
             [&] { claim_or_join(1); },
             [&] {
                 claim_or_join(2);
                 release(2);
             }},
            [&] {
                EXPECT_EQ(doubts, 1U);
                EXPECT_EQ(table->missing(piece), !outcomes[1].holds);
            });
}

TEST_F(PieceTableModel, ABugIsFound) {
    // A claim by load and store, which is what compare-and-swap is there for.
    ModelAtomic<std::uint16_t> owner;
    std::array<bool, 2> got{};
    const auto claim_badly = [&](std::uint16_t index) {
        return [&, index] {
            got[index] = owner.load() == 0;
            if (got[index]) owner.exchange(static_cast<std::uint16_t>(index + 1));
        };
    };
    bool both = false;
    model.explore({claim_badly(0), claim_badly(1)}, [] {}, [&] { both |= got[0] && got[1]; });
    EXPECT_TRUE(both);
}

}  // namespace
}  // namespace spate::swarm
