#include "engine/swarm/smart_ban.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

namespace spate::swarm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr PieceIndex piece{3};
constexpr std::uint64_t truth[]{11, 12, 13};

SmartBan::Source source(std::uint32_t number) {
    return {ConnectionId(number), {}, {}};
}

/// Of three blocks, the first two by peer 1, the last by peer 2.
SmartBan::Attempt attempt(std::uint64_t first, std::uint64_t second, std::uint64_t third) {
    return {.sources = {source(1), source(2)},
            .blocks = {{.digest = first}, {.digest = second}, {.digest = third, .source = 1}}};
}

TEST(SmartBan, WhoseBlockDiffersFromTheTrueOneHasLied) {
    SmartBan ban;
    ban.on_failed(piece, attempt(11, 12, 99));
    EXPECT_TRUE(ban.remembers(piece));
    EXPECT_THAT(ban.on_verified(piece, truth), ElementsAre(source(2)));
    EXPECT_FALSE(ban.remembers(piece));
    EXPECT_THAT(ban.on_verified(piece, truth), IsEmpty());
}

TEST(SmartBan, ALiarIsNamedOnceHoweverManyItsLies) {
    SmartBan ban;
    ban.on_failed(piece, attempt(99, 98, 13));
    ban.on_failed(piece, attempt(97, 12, 13));
    EXPECT_THAT(ban.on_verified(piece, truth), ElementsAre(source(1)));
}

TEST(SmartBan, AContestedBlockConvictsNobody) {
    SmartBan ban;
    auto one = attempt(11, 12, 99);
    one.blocks[2].contested = true;
    ban.on_failed(piece, one);
    EXPECT_THAT(ban.on_verified(piece, truth), IsEmpty());
}

TEST(SmartBan, OnlyTheNewestAttemptsAreRemembered) {
    SmartBan ban;
    ban.on_failed(piece, attempt(99, 12, 13));
    for (std::size_t i = 0; i < SmartBan::attempts_max; ++i)
        ban.on_failed(piece, attempt(11, 12, 99));
    EXPECT_THAT(ban.on_verified(piece, truth), ElementsAre(source(2)));
}

TEST(SmartBan, SoManyFailedPiecesAreRememberedAndNoMore) {
    SmartBan ban;
    for (std::uint32_t i = 0; i <= SmartBan::pieces_max; ++i)
        ban.on_failed(PieceIndex(i), attempt(11, 12, 99));
    EXPECT_EQ(ban.size(), SmartBan::pieces_max);
    EXPECT_FALSE(ban.remembers(PieceIndex(0)));
    EXPECT_TRUE(ban.remembers(PieceIndex(SmartBan::pieces_max)));
}

}  // namespace
}  // namespace spate::swarm
