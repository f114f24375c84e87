#include "engine/driver/listeners.hpp"

#include <array>
#include <set>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "io/socket.hpp"

namespace spate::driver {
namespace {

const Endpoint any_port = *Endpoint::parse("127.0.0.1:0");

TEST(Listeners, EachCoreHasASocketOfItsOwnOnTheSamePort) {
    const auto listeners = listen_on_all({any_port, any_port}, 3);
    ASSERT_TRUE(listeners) << listeners.error();
    ASSERT_EQ(listeners->addresses.size(), 2U);
    EXPECT_NE(listeners->addresses[0].port, 0);
    EXPECT_NE(listeners->addresses[0].port, listeners->addresses[1].port);
    ASSERT_EQ(listeners->by_core.size(), 3U);
    std::set<int> descriptors;
    for (const auto& sockets : listeners->by_core) {
        ASSERT_EQ(sockets.size(), 2U);
        for (std::size_t i = 0; i < 2; ++i) {
            EXPECT_EQ(*io::local_endpoint(sockets[i].get()), listeners->addresses[i]);
            descriptors.insert(sockets[i].get());
        }
    }
    EXPECT_EQ(descriptors.size(), 6U);
}

TEST(Listeners, AnAddressThatIsTakenIsNamed) {
    const auto first = listen_on_all({any_port}, 1);
    ASSERT_TRUE(first);
    const Endpoint taken = first->addresses[0];
    const auto second = listen_on_all({taken}, 1);
    ASSERT_FALSE(second) << "even for ourselves, who share it among cores";
    EXPECT_NE(second.error().find(taken.to_string()), std::string::npos);
    EXPECT_NE(second.error().find("--listen"), std::string::npos);
}

TEST(Listeners, WithoutAnAddressNobodyListens) {
    const auto listeners = listen_on_all({}, 2);
    ASSERT_TRUE(listeners);
    EXPECT_TRUE(listeners->addresses.empty());
    for (const auto& sockets : listeners->by_core) EXPECT_TRUE(sockets.empty());
}

TEST(Listeners, ConnectionsFollowTheCardsQueuesOnlyWhenEachCoreHasOne) {
    EXPECT_TRUE(follows_receive_queues(4, true, 4));
    EXPECT_FALSE(follows_receive_queues(4, true, 1)) << "three cores would have nothing to do";
    EXPECT_FALSE(follows_receive_queues(4, false, 8)) << "the threads wander";
    EXPECT_FALSE(follows_receive_queues(2, true, 8));
}

TEST(Listeners, EachCoresSocketNamesItsCpu) {
    const std::array<unsigned, 2> cpus{0, 0};
    const auto listeners = listen_on_all({any_port}, 2, cpus);
    ASSERT_TRUE(listeners) << listeners.error();
    int cpu = -1;
    socklen_t size = sizeof cpu;
    ASSERT_EQ(
        ::getsockopt(listeners->by_core[1][0].get(), SOL_SOCKET, SO_INCOMING_CPU, &cpu, &size), 0);
    EXPECT_EQ(cpu, 0);
}

TEST(Listeners, AnAddressThatIsNotOursIsRefused) {
    EXPECT_FALSE(listen_on_all({*Endpoint::parse("192.0.2.1:6881")}, 1));
}

}  // namespace
}  // namespace spate::driver
