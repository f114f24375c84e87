#include <gtest/gtest.h>

#include "engine/sim/adversary/attacker.hpp"
#include "engine/sim/simulation.hpp"

namespace spate::sim {
namespace {

/// A seed of both torrents, and attackers of one address.
struct HostilePeers : testing::Test {
    void attack(AttackKind kind, std::uint32_t connections) {
        NodeOptions seed;
        seed.torrents = {{.content = 0, .seed = true}, {.content = 1, .seed = true}};
        simulation.add_node(seed);
        field.bytes_said_max = 1 << 20;
        field.honest = {address_of(1)};
        attacker.emplace(field, kind, *IpAddress::parse("203.0.113.1"), connections);
        simulation.at(1ms, [&] { attacker->attack(address_of(1)); });
    }
    const session::Session& session() { return simulation.node(0).cores().front()->session(); }

    Simulation simulation{{.contents = {{}, {}}}};
    Field field{.simulation = simulation, .random = Prng(1)};
    std::optional<Attacker> attacker;
};

TEST_F(HostilePeers, ASilentConnectionIsMadeAnewWhenItEnds) {
    attack(AttackKind::silent_crowds, 1);
    simulation.run_for(1s);
    EXPECT_EQ(field.connections, 1U);
    EXPECT_EQ(session().connection_count(), 1U);
    simulation.run_for(60s);
    EXPECT_GT(field.connections, 1U) << "the handshake's time is over";
}

TEST_F(HostilePeers, OnceTheFieldIsOverNobodyIsLeft) {
    attack(AttackKind::idle_crowds, 3);
    simulation.run_for(2s);
    EXPECT_GT(session().connection_count(), 0U);
    field.over = true;
    attacker->stop();
    simulation.run_for(10s);
    EXPECT_EQ(session().connection_count(), 0U);
    EXPECT_EQ(simulation.violation(), "");
}

TEST_F(HostilePeers, FallSilentWhenTheyHaveSaidTheirPart) {
    attack(AttackKind::babble, 2);
    simulation.run_for(600s);
    EXPECT_GT(field.bytes_said, 1U << 20);
    const std::uint64_t said = field.bytes_said;
    simulation.run_for(60s);
    EXPECT_LT(field.bytes_said - said, 10'000U) << "greetings alone";
}

}  // namespace
}  // namespace spate::sim
