#include "io/socket.hpp"

#include <array>
#include <fcntl.h>
#include <netinet/tcp.h>

#include "tests/io/fixture.hpp"

using namespace spate;
using namespace spate::io;

namespace {

int option(int fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    ::getsockopt(fd, level, name, &value, &size);
    return value;
}

}  // namespace

TEST(SocketAddress, EndpointsRoundTrip) {
    for (const char* text : {"192.0.2.1:6881", "[2001:db8::1]:80", "0.0.0.0:0", "[::]:65535"})
        EXPECT_EQ(SocketAddress(*Endpoint::parse(text)).endpoint()->to_string(), text);
}

TEST(SocketAddress, AnUnknownFamilyIsNoEndpoint) {
    EXPECT_FALSE(SocketAddress().endpoint());
}

TEST(Socket, ListeningOnPortZeroTakesAFreePort) {
    for (const char* text : {"127.0.0.1:0", "[::1]:0"}) {
        const auto fd = listen_tcp(*Endpoint::parse(text));
        ASSERT_TRUE(fd) << text << ": " << fd.error().message();
        const auto local = local_endpoint(fd->get());
        ASSERT_TRUE(local);
        EXPECT_NE(local->port, 0);
        EXPECT_TRUE(local->address.is_loopback());
        EXPECT_EQ(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    }
}

TEST(Socket, ATakenPortIsAnErrorUnlessItIsShared) {
    const auto first = listen_tcp(*Endpoint::parse("127.0.0.1:0"), {.reuse_port = true});
    const auto at = *local_endpoint(first->get());
    const auto refused = listen_tcp(at);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), std::errc::address_in_use);
    EXPECT_TRUE(listen_tcp(at, {.reuse_port = true}));
}

TEST(Socket, TheSamePortServesBothFamilies) {
    const auto v6 = listen_tcp(*Endpoint::parse("[::]:0"));
    const auto port = local_endpoint(v6->get())->port;
    EXPECT_TRUE(listen_tcp({*IpAddress::parse("0.0.0.0"), port}));
}

TEST(Socket, AnAddressOfAnotherMachineIsAnError) {
    const auto fd = bind_udp(*Endpoint::parse("192.0.2.1:0"));
    ASSERT_FALSE(fd);
    EXPECT_EQ(fd.error(), std::errc::address_not_available);
}

TEST(Socket, OptionsReachTheKernel) {
    const auto pair = connected_pair();
    const int fd = pair.client.get();
    EXPECT_FALSE(set_no_delay(fd));
    EXPECT_NE(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_FALSE(set_send_buffer(fd, 65536));
    EXPECT_EQ(option(fd, SOL_SOCKET, SO_SNDBUF), 131072);
    EXPECT_FALSE(set_receive_buffer(fd, 65536));
    EXPECT_EQ(option(fd, SOL_SOCKET, SO_RCVBUF), 131072);
    EXPECT_FALSE(set_unsent_max(fd, 16384));
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 16384);
    EXPECT_FALSE(set_unsent_max(fd, 0));
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 0);
    EXPECT_FALSE(set_congestion_control(fd, "reno"));  // every kernel has it
    std::array<char, 16> name{};
    socklen_t size = name.size();
    ::getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size);
    EXPECT_STREQ(name.data(), "reno");
    EXPECT_EQ(set_congestion_control(fd, "no such"), std::errc::no_such_file_or_directory);
    EXPECT_TRUE(set_no_delay(-1));
}

TEST(Socket, BothEndsOfAConnectionAreKnown) {
    const auto pair = connected_pair();
    EXPECT_EQ(*peer_endpoint(pair.client.get()), *local_endpoint(pair.server.get()));
    EXPECT_EQ(*peer_endpoint(pair.server.get()), *local_endpoint(pair.client.get()));
    const auto lone = open_tcp(IpAddress::Family::v4);
    EXPECT_EQ(peer_endpoint(lone->get()).error(), std::errc::not_connected);
}

TEST(FileDescriptor, MovesOwnershipAndClosesOnce) {
    FileDescriptor a(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int raw = a.get();
    FileDescriptor b(std::move(a));
    EXPECT_FALSE(a);
    EXPECT_EQ(b.get(), raw);
    b.reset();
    EXPECT_EQ(::fcntl(raw, F_GETFD), -1);
}
