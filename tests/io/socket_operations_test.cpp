#include "io/socket_operations.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "tests/io/fixture.hpp"
#include "tests/io/unfriendly_kernel.hpp"

using namespace spate;
using namespace spate::io;

namespace {

class SocketOperations : public RingTest {
protected:
    /// Enough for slow loopback acknowledgements, little enough to be short.
    static constexpr int small_buffer_bytes = 4096;

    std::int32_t run(auto& operation, auto&&... arguments) {
        operation.completions.clear();
        operation.start(*ring, arguments...);
        EXPECT_TRUE(turn_until([&] { return operation.done(); }));
        return operation.result();
    }
};

/// A many-connection test on a completion queue of four.
class FewCompletions : public RingTest {
protected:
    FewCompletions() : RingTest({.entries = 4, .completion_entries = 4}) {}
};

std::vector<std::byte> pattern(std::size_t size_bytes) {
    std::vector<std::byte> bytes(size_bytes);
    for (std::size_t i = 0; i < size_bytes; ++i) bytes[i] = static_cast<std::byte>(i * 31 >> 3);
    return bytes;
}

/// Accepts until it has `wanted`, starting again whenever the kernel ends the operation.
struct Acceptor : AcceptOperation {
    Acceptor(Ring& ring, int listener) : AcceptOperation(&note), ring_(ring), listener_(listener) {
        start(ring_, listener_);
    }
    static void note(Operation& operation, std::int32_t result, std::uint32_t flags) {
        auto& self = static_cast<Acceptor&>(operation);
        if (result >= 0)
            self.accepted.emplace_back(result);
        else
            self.error = result;
        if (result >= 0 && !is_armed(flags)) self.start(self.ring_, self.listener_);
    }
    std::vector<FileDescriptor> accepted;
    std::int32_t error = 0;

private:
    Ring& ring_;
    int listener_;
};

}  // namespace

SPATE_ON_ALL_FEATURES(SocketOperations);
SPATE_ON_ALL_FEATURES(FewCompletions);

TEST_P(SocketOperations, ConnectionsAreMadeAndAcceptedOverBothFamilies) {
    for (const char* text : {"127.0.0.1:0", "[::1]:0"}) {
        const auto listener = listen_tcp(*Endpoint::parse(text)).value();
        const auto at = *local_endpoint(listener.get());
        Acceptor acceptor(*ring, listener.get());
        for (std::size_t round = 1; round <= 3; ++round) {
            const auto socket = open_tcp(at.address.family()).value();
            Recorded<ConnectOperation> connect;
            EXPECT_EQ(run(connect, socket.get(), at), 0);
            ASSERT_TRUE(turn_until([&] { return acceptor.accepted.size() == round; }));
            EXPECT_EQ(*peer_endpoint(acceptor.accepted.back().get()),
                      *local_endpoint(socket.get()));
        }
        ring->cancel(acceptor);
        ASSERT_TRUE(turn_until([&] { return !acceptor.in_flight(); }));
        EXPECT_EQ(acceptor.error, -ECANCELED);
    }
}

TEST_P(SocketOperations, ConnectingToAClosedPortIsRefused) {
    auto listener = listen_tcp(*Endpoint::parse("127.0.0.1:0")).value();
    const auto at = *local_endpoint(listener.get());
    listener.reset();
    const auto socket = open_tcp(at.address.family()).value();
    Recorded<ConnectOperation> connect;
    EXPECT_EQ(run(connect, socket.get(), at), -ECONNREFUSED);
}

TEST_P(SocketOperations, AReceiveWaitsForDataAndScattersIt) {
    const auto pair = connected_pair();
    std::array<std::byte, 5> front{};
    std::array<std::byte, 20> back{};
    Recorded<ReceiveOperation<2>> receive;
    receive.ranges().add(MutableBytes(front));
    receive.ranges().add(MutableBytes(back));
    receive.start(*ring, pair.server.get());
    ring->turn(clock, clock.now() + 2ms);
    EXPECT_TRUE(receive.in_flight());
    ASSERT_EQ(::send(pair.client.get(), "hello world", 11, 0), 11);
    ASSERT_TRUE(turn_until([&] { return receive.done(); }));
    EXPECT_EQ(receive.result(), 11);
    EXPECT_EQ(as_text(front), "hello");
    EXPECT_EQ(as_text(Bytes(back).first(6)), " world");
}

TEST_P(SocketOperations, ShortSendsAndReceivesAddUpToTheWhole) {
    const auto pair = connected_pair(small_buffer_bytes);
    const auto sent = pattern(1 << 20);
    std::vector<std::byte> received(sent.size());
    Recorded<SendOperation<8>> send;
    Recorded<ReceiveOperation<4>> receive;
    for (std::size_t part = 0; part < 8; ++part)
        send.ranges().add(Bytes(sent).subspan(part * sent.size() / 8, sent.size() / 8));
    for (std::size_t part = 0; part < 4; ++part)
        receive.ranges().add(
            MutableBytes(received).subspan(part * sent.size() / 4, sent.size() / 4));
    send.start(*ring, pair.client.get());
    receive.start(*ring, pair.server.get());
    std::size_t sends = 0;
    std::size_t receives = 0;
    ASSERT_TRUE(turn_until([&] {
        if (!send.in_flight() && !send.ranges().empty()) {
            ++sends;
            if (send.result() > 0 && !send.advance(send.result()))
                send.start(*ring, pair.client.get());
        }
        if (!receive.in_flight() && !receive.ranges().empty()) {
            ++receives;
            receive.ranges().advance(static_cast<std::size_t>(std::max(receive.result(), 0)));
            if (!receive.ranges().empty()) receive.start(*ring, pair.server.get());
        }
        return receive.ranges().empty() && send.ranges().empty();
    }));
    EXPECT_TRUE(received == sent);
    EXPECT_GT(sends, 1U);
    EXPECT_GT(receives, 1U);
}

TEST_P(SocketOperations, TheEndOfTheStreamIsZero) {
    auto pair = connected_pair();
    Recorded<> shutdown;
    ring->submit(shutdown,
                 [&](io_uring_sqe* e) { prepare_shutdown(e, pair.client.get(), SHUT_WR); });
    ASSERT_TRUE(turn_until([&] { return shutdown.done(); }));
    std::array<std::byte, 8> room{};
    Recorded<ReceiveOperation<1>> receive;
    receive.ranges().add(MutableBytes(room));
    EXPECT_EQ(run(receive, pair.server.get()), 0);
}

TEST_P(SocketOperations, AResetIsAnOrdinaryResult) {
    auto pair = connected_pair();
    std::array<std::byte, 8> room{};
    Recorded<ReceiveOperation<1>> receive;
    receive.ranges().add(MutableBytes(room));
    receive.start(*ring, pair.server.get());
    ring->turn(clock, clock.now());
    ASSERT_FALSE(set_reset_on_close(pair.client.get()));
    pair.client.reset();
    ASSERT_TRUE(turn_until([&] { return receive.done(); }));
    EXPECT_EQ(receive.result(), -ECONNRESET);
}

TEST_P(SocketOperations, SendingIntoAClosedConnectionIsAnErrorAndNoSignal) {
    auto pair = connected_pair();
    ASSERT_FALSE(set_reset_on_close(pair.client.get()));
    pair.client.reset();
    Recorded<SendOperation<1>> send;
    const auto bytes = pattern(100);
    std::int32_t result = 0;
    for (int attempt = 0; attempt < 3 && result >= 0; ++attempt) {
        send.ranges().clear();
        send.ranges().add(Bytes(bytes));
        result = run(send, pair.server.get());
    }
    EXPECT_TRUE(result == -EPIPE || result == -ECONNRESET) << result;
}

TEST_P(SocketOperations, AReceiveCanBeCancelledAndTheSocketStaysUsable) {
    const auto pair = connected_pair();
    std::array<std::byte, 8> room{};
    Recorded<ReceiveOperation<1>> receive;
    receive.ranges().add(MutableBytes(room));
    receive.start(*ring, pair.server.get());
    ring->turn(clock, clock.now());
    ring->cancel(receive);
    ASSERT_TRUE(turn_until([&] { return receive.done(); }));
    EXPECT_EQ(receive.result(), -ECANCELED);
    ASSERT_EQ(::send(pair.client.get(), "x", 1, 0), 1);
    EXPECT_EQ(run(receive, pair.server.get()), 1);
}

TEST_P(SocketOperations, AZeroCopySendGivesItsMemoryBackInASecondCompletion) {
    if (!ring->features().zero_copy_send) GTEST_SKIP() << "6.1 and later";
    const auto pair = connected_pair();
    const auto bytes = pattern(16384);
    Recorded<SendOperation<1>> send;
    send.ranges().add(Bytes(bytes));
    send.start_zero_copy(*ring, pair.client.get());
    std::vector<std::byte> received(bytes.size());
    ASSERT_TRUE(turn_until([&] { return !send.completions.empty(); }));
    ASSERT_EQ(send.completions[0].result, 16384);
    ASSERT_EQ(::recv(pair.server.get(), received.data(), received.size(), MSG_WAITALL), 16384);
    ASSERT_TRUE(turn_until([&] { return send.done(); }));
    ASSERT_EQ(send.completions.size(), 2U);
    EXPECT_TRUE(is_armed(send.completions[0].flags));
    EXPECT_TRUE(is_notification(send.completions[1].flags));
    if (ring->features().zero_copy_reports_use) {  // loopback copies
        EXPECT_EQ(static_cast<std::uint32_t>(send.completions[1].result), notification_copied);
    }
    EXPECT_TRUE(received == bytes);
}

TEST_P(SocketOperations, SendingFromATruncatedMappingIsAnErrorAndNoSignal) {
    const auto pair = connected_pair();
    TemporaryDirectory directory;
    const auto file = open_beneath(directory.fd(), "f", {.write = true, .create = true}).value();
    ASSERT_FALSE(set_size(file.get(), 65536));
    void* mapped = ::mmap(nullptr, 65536, PROT_READ, MAP_SHARED, file.get(), 0);
    ASSERT_NE(mapped, MAP_FAILED);
    ASSERT_FALSE(set_size(file.get(), 0));
    Recorded<SendOperation<1>> send;
    send.ranges().add(Bytes(static_cast<const std::byte*>(mapped), 65536));
    EXPECT_EQ(run(send, pair.client.get()), -EFAULT);
    ::munmap(mapped, 65536);
}

TEST_P(SocketOperations, PollTellsWhenASocketTakesBytes) {
    const auto pair = connected_pair();
    Recorded<> poll;
    ring->submit(poll,
                 [&](io_uring_sqe* entry) { prepare_poll(entry, pair.client.get(), POLLOUT); });
    ASSERT_TRUE(turn_until([&] { return poll.done(); }));
    EXPECT_EQ(poll.result() & POLLOUT, POLLOUT);
}

TEST_P(SocketOperations, DatagramsCarryTheirSource) {
    for (const char* text : {"127.0.0.1:0", "[::1]:0"}) {
        const auto a = bind_udp(*Endpoint::parse(text)).value();
        const auto b = bind_udp(*Endpoint::parse(text)).value();
        Recorded<DatagramReceiveOperation> receive;
        std::array<std::byte, 16> room{};
        receive.start(*ring, b.get(), room);
        Recorded<DatagramSendOperation> send;
        EXPECT_EQ(run(send, a.get(), *local_endpoint(b.get()), as_bytes("ping")), 4);
        ASSERT_TRUE(turn_until([&] { return receive.done(); }));
        EXPECT_EQ(receive.result(), 4);
        EXPECT_EQ(receive.source(), *local_endpoint(a.get()));
        EXPECT_FALSE(receive.is_truncated());
        EXPECT_EQ(as_text(Bytes(room).first(4)), "ping");
    }
}

TEST_P(SocketOperations, ADatagramLongerThanTheBufferIsMarked) {
    const auto socket = bind_udp(*Endpoint::parse("127.0.0.1:0")).value();
    Recorded<DatagramSendOperation> send;
    EXPECT_EQ(run(send, socket.get(), *local_endpoint(socket.get()), as_bytes("0123456789")), 10);
    Recorded<DatagramReceiveOperation> receive;
    std::array<std::byte, 4> room{};
    EXPECT_EQ(run(receive, socket.get(), MutableBytes(room)), 4);
    EXPECT_TRUE(receive.is_truncated());
}

TEST_P(FewCompletions, AcceptingMoreAtOnceThanTheCompletionQueueHoldsLosesNone) {
    constexpr std::size_t connections = 40;
    const auto listener = listen_tcp(*Endpoint::parse("127.0.0.1:0")).value();
    const SocketAddress at(*local_endpoint(listener.get()));
    std::vector<FileDescriptor> clients;
    for (std::size_t i = 0; i < connections; ++i) {
        clients.push_back(open_tcp(IpAddress::Family::v4).value());
        ASSERT_EQ(::connect(clients.back().get(), at.data(), at.size_bytes()), 0);
    }
    Acceptor acceptor(*ring, listener.get());
    EXPECT_TRUE(turn_until([&] { return acceptor.accepted.size() == connections; }));
    ring->cancel(acceptor);
    EXPECT_TRUE(turn_until([&] { return !acceptor.in_flight(); }));
}

TEST_P(SocketOperations, AcceptingWithoutDescriptorsSaysSo) {
    const Features features = ring->features();
    EXPECT_TRUE(holds_in_child([&] {
        const auto own = Ring::open(features).value();
        const auto listener = listen_tcp(*Endpoint::parse("127.0.0.1:0")).value();
        const SocketAddress at(*local_endpoint(listener.get()));
        const auto client = open_tcp(IpAddress::Family::v4).value();
        if (::connect(client.get(), at.data(), at.size_bytes()) != 0) return false;
        if (!leave_no_descriptor()) return false;
        Acceptor acceptor(*own, listener.get());
        Clock own_clock;
        const Time end = own_clock.now() + 5s;
        while (acceptor.error == 0 && own_clock.now() < end) own->turn(own_clock, end);
        return acceptor.error == -EMFILE && !acceptor.in_flight();
    }));
}
