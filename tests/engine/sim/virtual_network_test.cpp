#include "engine/sim/virtual_network.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::sim;

namespace {

/// Two nodes with 1 MB/s and 10 ms each; the first calls the second.
struct NetworkPair {
    explicit NetworkPair(NetworkFaults faults = {}) : network(queue, faults, 7) {
        const LinkClass link{
            .up_bytes_per_s = 1'000'000, .down_bytes_per_s = 1'000'000, .latency = 10ms};
        network.add_node(link, *IpAddress::parse("10.0.0.1"));
        network.add_node(link, *IpAddress::parse("10.0.0.2"));
        network.listen(address, [&](VirtualNetwork::Socket socket, const Endpoint&) {
            called = std::move(socket);
            return true;
        });
    }

    void call() {
        network.call(0, address, [&](VirtualNetwork::Socket socket) {
            caller = std::move(socket);
            answered_at = queue.now();
        });
        run();
    }
    void run() {
        for (const Time end = queue.now() + 60s; queue.run_next(end);) {
        }
    }
    /// Receives whatever comes to the second node, in pieces of `size`.
    void read_all(std::size_t size) {
        memory.resize(size);
        called->set_handlers({.received =
                                  [this, size](std::size_t count, bool over) {
                                      received.insert(
                                          received.end(), memory.begin(),
                                          memory.begin() + static_cast<std::ptrdiff_t>(count));
                                      if (over) {
                                          ended_at = queue.now();
                                      } else {
                                          called->start_receive({MutableBytes(memory).first(size)});
                                      }
                                  },
                              .sent = nullptr});
        called->start_receive({MutableBytes(memory)});
    }
    void send(std::vector<std::byte> bytes) {
        caller->set_handlers(
            {.received = [](std::size_t, bool) {},
             .sent = [this](bool sent) { sent_at = sent ? queue.now() : Time{}; }});
        caller->start_send(std::move(bytes));
    }

    EventQueue queue;
    VirtualNetwork network;
    const Endpoint address = *Endpoint::parse("10.0.0.2:6881");
    VirtualNetwork::Socket caller;
    VirtualNetwork::Socket called;
    std::optional<Time> answered_at;
    std::optional<Time> sent_at;
    std::optional<Time> ended_at;
    std::vector<std::byte> memory;
    std::vector<std::byte> received;
};

std::vector<std::byte> noise(std::size_t size) {
    std::vector<std::byte> bytes(size);
    Prng(3).fill(bytes);
    return bytes;
}

}  // namespace

TEST(VirtualNetwork, CallIsAnsweredAfterARoundTrip) {
    NetworkPair pair;
    const Time start = pair.queue.now();
    pair.call();
    ASSERT_TRUE(pair.caller && pair.called);
    EXPECT_EQ(*pair.answered_at - start, 40ms);
}

TEST(VirtualNetwork, CallToNobodyFails) {
    NetworkPair pair;
    pair.network.stop_listening(pair.address);
    pair.call();
    EXPECT_FALSE(pair.caller);
    EXPECT_TRUE(pair.answered_at);
}

TEST(VirtualNetwork, BytesArriveWholeInOrderAndAtTheLinksPace) {
    NetworkPair pair;
    pair.call();
    pair.read_all(5'000);
    const Time start = pair.queue.now();
    pair.send(noise(1'000'000));
    pair.run();
    EXPECT_EQ(pair.received, noise(1'000'000));
    EXPECT_GT(*pair.sent_at - start, 950ms);
    EXPECT_LT(*pair.sent_at - start, 1'500ms);
}

TEST(VirtualNetwork, PeerThatDoesNotReadMakesTheSendWait) {
    NetworkPair pair;
    pair.call();
    pair.send(noise(VirtualSocket::window_bytes + 1));
    pair.run();
    EXPECT_FALSE(pair.sent_at);
    pair.read_all(1'000);
    pair.run();
    EXPECT_TRUE(pair.sent_at);
}

TEST(VirtualNetwork, EndOfStreamComesBehindTheBytes) {
    NetworkPair pair;
    pair.call();
    pair.read_all(5'000);
    pair.send(noise(20'000));
    pair.run();
    pair.caller->close();
    pair.run();
    EXPECT_EQ(pair.received.size(), 20'000U);
    EXPECT_TRUE(pair.ended_at);
}

TEST(VirtualNetwork, LostConnectionEndsBothOperations) {
    NetworkPair pair;
    pair.call();
    pair.send(noise(VirtualSocket::window_bytes + 1));
    pair.run();
    pair.read_all(1'000);
    pair.called->reset();
    pair.run();
    EXPECT_TRUE(pair.ended_at);
    EXPECT_EQ(pair.sent_at, Time{}) << "failed";
}

TEST(VirtualNetwork, CancelledReceiveEndsWithNothing) {
    NetworkPair pair;
    pair.call();
    std::optional<std::size_t> count;
    pair.called->set_handlers(
        {.received = [&](std::size_t received, bool) { count = received; }, .sent = nullptr});
    std::vector<std::byte> memory(10);
    pair.called->start_receive({MutableBytes(memory)});
    pair.run();
    EXPECT_FALSE(count);
    pair.called->cancel_receive();
    pair.run();
    EXPECT_EQ(count, 0U);
}
