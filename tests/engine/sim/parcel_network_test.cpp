#include "engine/sim/parcel_network.hpp"

#include <gmock/gmock.h>
#include <map>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "engine/sim/sim_node.hpp"

using namespace spate;
using namespace spate::sim;
using testing::ElementsAre;

namespace {

constexpr std::uint64_t rate_bytes_per_s = 1'000'000;

Parcel blocks(std::size_t count) {
    Parcel parcel;
    parcel.blocks.assign(count, {PieceIndex(0), 0, block_size_bytes});
    return parcel;
}

Parcel control(std::size_t bytes) {
    Parcel parcel;
    parcel.control.resize(bytes);
    return parcel;
}

/// A few nodes with 1 MB/s and 10 ms each; all listen.
struct Net {
    explicit Net(std::uint32_t nodes, NetworkFaults faults = {}) : network(queue, faults, 7) {
        for (std::uint32_t i = 0; i < nodes; ++i) {
            network.add_node({.up_bytes_per_s = rate_bytes_per_s,
                              .down_bytes_per_s = rate_bytes_per_s,
                              .latency = 10ms},
                             address_of(i).address);
            network.listen(address_of(i), [this, i](LineEnd end, const Endpoint&) {
                listen_to(end, i);
                accepted.push_back(end);
                return true;
            });
        }
    }

    void listen_to(LineEnd end, std::uint32_t node) {
        network.set_handlers(end, {.delivered =
                                       [this, node](Parcel& parcel) {
                                           received[node] += parcel.size_bytes();
                                           received_at[node].push_back(elapsed());
                                       },
                                   .sent = [this, end] { sent[end.value].push_back(elapsed()); },
                                   .ended = [this, node] { ended[node] = elapsed(); }});
    }
    LineEnd connect(std::uint32_t from, std::uint32_t to) {
        std::optional<LineEnd> made;
        network.call(from, address_of(to), [&, from](std::optional<LineEnd> end) {
            answered = true;
            made = end;
            if (end) listen_to(*end, from);
        });
        run();
        EXPECT_TRUE(made);
        return made.value_or(LineEnd(0));
    }
    void run() {
        for (const Time end = queue.now() + 60s; queue.run_next(end);) {
        }
    }
    Duration elapsed() const { return queue.now() - start; }

    EventQueue queue;
    ParcelNetwork network;
    Time start = queue.now();
    bool answered = false;
    std::vector<LineEnd> accepted;
    std::map<std::uint32_t, std::uint64_t> received;             // bytes, by node
    std::map<std::uint32_t, std::vector<Duration>> received_at;  // by node
    std::map<std::uint32_t, std::vector<Duration>> sent;         // by end
    std::map<std::uint32_t, Duration> ended;                     // by node
};

}  // namespace

TEST(ParcelNetwork, CallIsAnsweredAfterARoundTrip) {
    Net net(2);
    net.connect(0, 1);
    EXPECT_EQ(net.elapsed(), 40ms);
    EXPECT_EQ(net.network.lines_open(), 1U);
}

TEST(ParcelNetwork, CallToNobodyFails) {
    Net net(2);
    net.network.stop_listening(address_of(1));
    std::optional<LineEnd> made = LineEnd(0);
    net.network.call(0, address_of(1), [&](std::optional<LineEnd> end) { made = end; });
    net.run();
    EXPECT_FALSE(made);
    EXPECT_EQ(net.network.lines_open(), 0U);
}

TEST(ParcelNetwork, BlocksTakeTheirTimeInBothLinksAndOnTheWay) {
    Net net(2);
    const LineEnd end = net.connect(0, 1);
    net.start = net.queue.now();
    EXPECT_FALSE(net.network.send(end, blocks(10)));
    net.run();
    const Duration link(net.received[1] * 1'000);  // at 1 MB/s a byte takes a microsecond
    EXPECT_THAT(net.sent[end.value], ElementsAre(link));
    EXPECT_THAT(net.received_at[1], ElementsAre(2 * link + 20ms));
    EXPECT_EQ(net.network.traffic(0).sent_bytes, 10 * block_size_bytes);
    EXPECT_EQ(net.network.traffic(1).received_bytes, 10 * block_size_bytes);
}

TEST(ParcelNetwork, LinesOfANodeTakeTurnsInItsUplink) {
    Net net(3);
    const LineEnd first = net.connect(0, 1);
    const LineEnd second = net.connect(0, 2);
    net.start = net.queue.now();
    const auto keep_sending = [&](LineEnd end, std::uint32_t to) {
        net.network.set_handlers(end, {.delivered = nullptr,
                                       .sent =
                                           [&net, end] {
                                               if (net.elapsed() < 2s) {
                                                   EXPECT_FALSE(net.network.send(end, blocks(1)));
                                               }
                                           },
                                       .ended = nullptr});
        EXPECT_FALSE(net.network.send(end, blocks(1))) << to;
    };
    keep_sending(first, 1);
    keep_sending(second, 2);
    net.run();
    EXPECT_NEAR(static_cast<double>(net.received[1]), 1e6, 4e4);
    EXPECT_NEAR(static_cast<double>(net.received[2]), 1e6, 4e4);
}

TEST(ParcelNetwork, ControlMessagesDontWaitForOthersPayload) {
    Net net(3);
    const LineEnd busy = net.connect(0, 1);
    const LineEnd quick = net.connect(0, 2);
    net.start = net.queue.now();
    EXPECT_FALSE(net.network.send(busy, blocks(16)));
    EXPECT_TRUE(net.network.send(quick, control(100)));
    net.run();
    EXPECT_THAT(net.received_at[2], ElementsAre(20ms + 200us));
}

TEST(ParcelNetwork, ParcelsOfALineArriveInOrder) {
    Net net(2);
    const LineEnd end = net.connect(0, 1);
    net.start = net.queue.now();
    EXPECT_FALSE(net.network.send(end, blocks(10)));
    while (net.sent[end.value].empty()) net.queue.run_next(net.queue.now() + 1h);
    EXPECT_TRUE(net.network.send(end, control(1)));
    net.run();
    ASSERT_EQ(net.received_at[1].size(), 2U);
    EXPECT_GE(net.received_at[1][1], net.received_at[1][0]);
}

TEST(ParcelNetwork, EndComesBehindWhatWasSent) {
    Net net(2);
    const LineEnd end = net.connect(0, 1);
    EXPECT_FALSE(net.network.send(end, blocks(10)));
    net.network.close(end);
    net.run();
    EXPECT_EQ(net.received_at[1].size(), 1U);
    EXPECT_GE(net.ended[1], net.received_at[1][0]);
    EXPECT_TRUE(net.sent[end.value].empty()) << "nobody is told after closing";
    net.network.close(net.accepted.front());
    EXPECT_EQ(net.network.lines_open(), 0U);
}

TEST(ParcelNetwork, FullWindowMakesTheSenderWaitForTheReceiver) {
    Net net(2);
    const LineEnd end = net.connect(0, 1);
    net.start = net.queue.now();
    // Larger than the window: the next may go when this has arrived.
    EXPECT_FALSE(net.network.send(end, blocks(ParcelNetwork::window_bytes_min / block_size_bytes)));
    net.run();
    EXPECT_EQ(net.sent[end.value], net.received_at[1]);
}

TEST(ParcelNetwork, LostLineEndsAtBothEnds) {
    Net net(2);
    const LineEnd end = net.connect(0, 1);
    EXPECT_FALSE(net.network.send(end, blocks(10)));
    net.network.reset(end);
    net.run();
    EXPECT_TRUE(net.ended.contains(0) && net.ended.contains(1));
    EXPECT_TRUE(net.received_at[1].empty());
    EXPECT_EQ(net.network.lines_lost(), 1U);
}

TEST(ParcelNetwork, DeadNodeHearsNothing) {
    Net net(2);
    const LineEnd end = net.connect(0, 1);
    net.network.abandon(end);
    net.run();
    EXPECT_FALSE(net.ended.contains(0));
    EXPECT_TRUE(net.ended.contains(1));
}

TEST(ParcelNetwork, PartitionCutsLinesBetweenItsSidesOnly) {
    Net net(3);
    net.connect(0, 1);
    net.connect(0, 2);
    net.network.set_side(2, 1);
    net.network.cut_between_sides();
    net.run();
    EXPECT_TRUE(net.ended.contains(2));
    EXPECT_FALSE(net.ended.contains(1));
    std::optional<LineEnd> made = LineEnd(0);
    net.network.call(1, address_of(2), [&](std::optional<LineEnd> end) { made = end; });
    net.run();
    EXPECT_FALSE(made) << "calls don't cross either";
}
