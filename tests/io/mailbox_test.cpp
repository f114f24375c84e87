#include "io/mailbox.hpp"

#include <barrier>
#include <memory>
#include <string>
#include <thread>

#include "tests/io/fixture.hpp"

using namespace spate;
using namespace spate::io;

TEST(SpscQueue, KeepsOrderAndItsLimit) {
    SpscQueue<int, 4> queue;
    EXPECT_TRUE(queue.empty());
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(queue.try_push(i));
    EXPECT_FALSE(queue.try_push(4));
    EXPECT_EQ(queue.try_pop(), 0);
    EXPECT_TRUE(queue.try_push(4));
    for (int i = 1; i <= 4; ++i) EXPECT_EQ(queue.try_pop(), i);
    EXPECT_EQ(queue.try_pop(), std::nullopt);
}

TEST(SpscQueue, CarriesMoveOnlyMessagesAndKeepsNoneBehind) {
    SpscQueue<std::shared_ptr<int>, 2> queue;
    auto message = std::make_shared<int>(7);
    const std::weak_ptr<int> watch = message;
    EXPECT_TRUE(queue.try_push(std::move(message)));
    EXPECT_EQ(**queue.try_pop(), 7);
    EXPECT_TRUE(watch.expired());
}

TEST(SpscQueue, AFullQueueLeavesTheMessageWithItsSender) {
    SpscQueue<std::unique_ptr<int>, 1> queue;
    EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
    auto second = std::make_unique<int>(2);
    EXPECT_FALSE(queue.try_push(std::move(second)));
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(*second, 2);
}

TEST(SpscQueue, TwoThreadsSeeEveryMessageInOrder) {
    constexpr int messages = 200'000;
    SpscQueue<int, 64> queue;
    std::jthread producer([&] {
        for (int i = 0; i < messages; ++i)
            while (!queue.try_push(i)) std::this_thread::yield();
    });
    for (int expected = 0; expected < messages;) {
        const auto message = queue.try_pop();
        if (!message) {
            std::this_thread::yield();
            continue;
        }
        ASSERT_EQ(*message, expected++);
    }
}

namespace {

/// Two core threads with a mailbox each.
class MailboxTest : public testing::TestWithParam<bool> {
protected:
    using Box = Mailbox<int, 64>;

    Features features() const {
        const Features best = features_or_die();
        return GetParam() ? best.as_on_5_19() : best;
    }

    std::unique_ptr<Doorbell> bell_a = std::move(*Doorbell::open());
    std::unique_ptr<Doorbell> bell_b = std::move(*Doorbell::open());
    Box to_a{*bell_a};
    Box to_b{*bell_b};
};

/// A thread's ring with its doorbell attached, drained at the end.
struct Core {
    Core(const Features& features, Doorbell& own_bell) : bell(own_bell) {
        ring = std::move(*Ring::open(features));
        bell.attach(*ring);
    }
    ~Core() {
        bell.detach();
        EXPECT_TRUE(ring->drain(clock, 10s));
    }
    Clock clock;
    Doorbell& bell;
    std::unique_ptr<Ring> ring;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Kernels, MailboxTest, testing::Bool(), feature_name);

TEST_P(MailboxTest, PingPongLosesNoWakeUp) {
    constexpr int rounds = 50'000;  // a message each way
    std::barrier ready(2);
    std::uint64_t sleeps = 0;
    std::jthread echo([&] {
        Core core(features(), *bell_b);
        ready.arrive_and_wait();
        for (int echoed = 0; echoed < rounds;) {
            core.bell.turn(core.clock, std::nullopt, [&] { return !to_b.empty(); });
            while (const auto message = to_b.try_receive()) {
                ASSERT_EQ(*message, echoed++);
                ASSERT_TRUE(to_a.try_send(*core.ring, *message));
            }
        }
        core.ring->turn(core.clock, core.clock.now());  // the last wake-up leaves
        ready.arrive_and_wait();
    });
    {
        Core core(features(), *bell_a);
        ready.arrive_and_wait();
        ASSERT_TRUE(to_b.try_send(*core.ring, 0));
        for (int received = 0; received < rounds;) {
            core.bell.turn(core.clock, std::nullopt, [&] { return !to_a.empty(); });
            while (const auto message = to_a.try_receive()) {
                ASSERT_EQ(*message, received++);
                if (received < rounds) {
                    ASSERT_TRUE(to_b.try_send(*core.ring, received));
                }
            }
        }
        sleeps = core.ring->counters().sleeps;
        ready.arrive_and_wait();
    }
    EXPECT_GT(sleeps, 0U);
}

TEST_P(MailboxTest, AFloodArrivesWholeThroughASmallBox) {
    constexpr int messages = 100'000;
    std::barrier ready(2);
    std::jthread receiver([&] {
        Core core(features(), *bell_b);
        ready.arrive_and_wait();
        for (int expected = 0; expected < messages;) {
            core.bell.turn(core.clock, std::nullopt, [&] { return !to_b.empty(); });
            while (const auto message = to_b.try_receive()) ASSERT_EQ(*message, expected++);
        }
        ready.arrive_and_wait();
    });
    Core core(features(), *bell_a);
    ready.arrive_and_wait();
    for (int sent = 0; sent < messages;) {
        int batch = 0;
        while (batch < 20 && sent < messages && to_b.try_push(int{sent})) ++sent, ++batch;
        to_b.notify(*core.ring);
        core.bell.turn(core.clock, core.clock.now(), [] { return false; });
        if (batch == 0) std::this_thread::yield();
    }
    ready.arrive_and_wait();
}

TEST_P(MailboxTest, AThreadWithoutARingWakesASleepingOne) {
    constexpr int messages = 1000;
    std::barrier ready(2);
    std::jthread receiver([&] {
        Core core(features(), *bell_b);
        ready.arrive_and_wait();
        for (int expected = 0; expected < messages;) {
            core.bell.turn(core.clock, std::nullopt, [&] { return !to_b.empty(); });
            while (const auto message = to_b.try_receive()) ASSERT_EQ(*message, expected++);
        }
    });
    ready.arrive_and_wait();
    for (int sent = 0; sent < messages;)
        if (to_b.try_send(int{sent}))
            ++sent;
        else
            std::this_thread::yield();
}

TEST_P(MailboxTest, AReceiverThatIsAwakeIsNotDisturbed) {
    Core core(features(), *bell_a);
    const auto before = core.ring->counters().ops_submitted;
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(to_b.try_send(*core.ring, i));
    EXPECT_EQ(core.ring->counters().ops_submitted, before);
}

TEST_P(MailboxTest, AWakeUpThatCannotBeSentAsAMessageArrivesAsAnEvent) {
    std::barrier asleep(2);
    std::jthread receiver([&] {
        Features without_messages = features();
        without_messages.message_ring = false;  // so it publishes no ring to send to
        Core core(without_messages, *bell_b);
        asleep.arrive_and_wait();
        while (to_b.empty())
            core.bell.turn(core.clock, std::nullopt, [&] { return !to_b.empty(); });
        EXPECT_EQ(to_b.try_receive(), 1);
    });
    Core core(features(), *bell_a);
    asleep.arrive_and_wait();
    std::this_thread::sleep_for(20ms);
    EXPECT_TRUE(to_b.try_send(*core.ring, 1));
    core.ring->turn(core.clock, core.clock.now());
}
