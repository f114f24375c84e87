// What cores share, used by real threads at once; ThreadSanitizer runs it too.
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"
#include "engine/swarm/availability.hpp"
#include "engine/swarm/piece_table.hpp"

namespace spate::swarm {
namespace {

constexpr unsigned threads = 4;

template <class Work>
void on_all_cores(Work&& work) {
    std::vector<std::thread> running;
    for (std::uint16_t core = 0; core < threads; ++core)
        running.emplace_back([&work, core] { work(CoreIndex(core)); });
    for (std::thread& one : running) one.join();
}

TEST(CoresStress, TheCountersAreTheSumOfTheBitfieldsWhenAllIsQuiet) {
    constexpr std::uint32_t pieces = 1'000;
    constexpr int peers_a_core = 20;
    Availability availability(pieces);
    std::vector<std::vector<Bitfield>> peers(threads);
    for (int round = 0; round < 3; ++round) {
        on_all_cores([&](CoreIndex core) {
            Prng random(core.value + 100U * static_cast<unsigned>(round) + 1);
            std::vector<Bitfield>& mine = peers[core.value];
            while (mine.size() > peers_a_core / 2) {  // some leave
                availability.remove(mine.back(), core);
                mine.pop_back();
            }
            while (mine.size() < peers_a_core) {  // some join
                Bitfield& has = mine.emplace_back(pieces);
                for (int i = 0; i < 300; ++i) has.set(random.below(pieces));
                availability.add(has, core);
            }
            for (int i = 0; i < 5'000; ++i) {  // some announce
                const PieceIndex piece(static_cast<std::uint32_t>(random.below(pieces)));
                if (mine[random.below(mine.size())].set(piece.value)) availability.add(piece, core);
            }
        });
        for (std::uint32_t piece = 0; piece < pieces; ++piece) {
            std::uint32_t expected = 0;
            for (const auto& mine : peers)
                for (const Bitfield& has : mine) expected += has.test(piece) ? 1 : 0;
            ASSERT_EQ(availability.count(PieceIndex(piece)), expected) << piece;
        }
    }
}

TEST(CoresStress, EachPieceIsStoredOnceWhoeverClaimsIt) {
    constexpr std::uint32_t pieces = 2'000;
    PieceTable table(pieces);
    std::atomic<std::uint32_t> stored{0};
    on_all_cores([&](CoreIndex core) {
        Prng random(core.value + 1U);
        while (!table.complete()) {
            const PieceIndex piece(static_cast<std::uint32_t>(random.below(pieces)));
            if (!table.claim(piece, core) && !table.claim_again(piece, core)) continue;
            if (random.below(3) != 0 && table.store(piece)) ++stored;
            table.release(piece, core);
        }
    });
    EXPECT_EQ(stored, pieces);
    EXPECT_EQ(table.stored_count(), pieces);
    EXPECT_EQ(table.missing_count(), 0U);
}

}  // namespace
}  // namespace spate::swarm
