#include "io/ring.hpp"

#include <algorithm>
#include <memory>
#include <signal.h>
#include <sys/time.h>
#include <thread>

#include "io/file_operations.hpp"
#include "tests/io/fixture.hpp"
#include "tests/io/unfriendly_kernel.hpp"

using namespace spate;
using namespace spate::io;

namespace {

void nop(io_uring_sqe* entry) {
    io_uring_prep_nop(entry);
}

class SmallRing : public RingTest {
protected:
    SmallRing() : RingTest({.entries = 4, .completion_entries = 4}) {}
};

class BoundedRing : public RingTest {
protected:
    BoundedRing() : RingTest({.completions_per_turn_max = 10}) {}
};

class SpinningRing : public RingTest {
protected:
    SpinningRing() : RingTest({.spin = 2ms}) {}
};

}  // namespace

SPATE_ON_ALL_FEATURES(RingTest);
SPATE_ON_ALL_FEATURES(SmallRing);
SPATE_ON_ALL_FEATURES(BoundedRing);
SPATE_ON_ALL_FEATURES(SpinningRing);

TEST_P(RingTest, AnOperationCompletesOnceAndCanBeSubmittedAgain) {
    Recorded<> operation;
    for (std::size_t round = 1; round <= 3; ++round) {
        ring->submit(operation, nop);
        EXPECT_TRUE(operation.in_flight());
        ASSERT_TRUE(turn_until([&] { return !operation.in_flight(); }));
        EXPECT_EQ(operation.completions.size(), round);
        EXPECT_EQ(operation.result(), 0);
    }
    EXPECT_EQ(ring->counters().ops_submitted, 3U);
    EXPECT_EQ(ring->counters().completions, 3U);
}

TEST_P(RingTest, TurnsWithNothingToDoDoNotEnterTheKernel) {
    const auto before = ring->counters().enter_calls;
    for (int i = 0; i < 100; ++i) EXPECT_EQ(ring->turn(clock, clock.now()), 0U);
    EXPECT_EQ(ring->counters().enter_calls, before);
}

TEST_P(RingTest, ATurnSleepsUntilItsDeadline) {
    const Time start = clock.refresh();
    EXPECT_EQ(ring->turn(clock, start + 20ms), 0U);
    EXPECT_GE(clock.now() - start, 20ms);
    EXPECT_EQ(ring->counters().sleeps, 1U);
}

TEST_P(RingTest, ADeadlineThatHasPassedDoesNotSleep) {
    EXPECT_EQ(ring->turn(clock, clock.now() - 1s), 0U);
    EXPECT_EQ(ring->counters().sleeps, 0U);
}

TEST_P(RingTest, ASleepMayBeVetoed) {
    EXPECT_EQ(ring->turn(clock, std::nullopt, [] { return false; }), 0U);
    EXPECT_EQ(ring->counters().sleeps, 0U);
}

TEST_P(RingTest, AnOperationMayDestroyItselfInItsCallback) {
    struct Mortal : Operation {
        explicit Mortal(bool& gone) : Operation(&die), gone_(gone) {}
        ~Mortal() { gone_ = true; }
        static void die(Operation& operation, std::int32_t, std::uint32_t) {
            delete static_cast<Mortal*>(&operation);
        }
        bool& gone_;
    };
    bool gone = false;
    ring->submit(*new Mortal(gone), nop);
    EXPECT_TRUE(turn_until([&] { return gone; }));
    EXPECT_EQ(ring->in_flight(), 0U);
}

TEST_P(RingTest, AnOperationMaySubmitItselfInItsCallback) {
    struct Again : Operation {
        explicit Again(Ring& ring) : Operation(&again), ring_(ring) {}
        static void again(Operation& operation, std::int32_t, std::uint32_t) {
            auto& self = static_cast<Again&>(operation);
            if (++self.rounds < 1000) self.ring_.submit(self, nop);
        }
        Ring& ring_;
        int rounds = 0;
    };
    Again again(*ring);
    ring->submit(again, nop);
    EXPECT_TRUE(turn_until([&] { return again.rounds == 1000; }));
}

TEST_P(RingTest, BoundOperationsReportToTheirOwner) {
    class Owner {
    public:
        void on_done(std::int32_t result, std::uint32_t) { seen = result; }
        Bound<&Owner::on_done> operation{*this};
        std::int32_t seen = -1;
    };
    Owner owner;
    ring->submit(owner.operation, nop);
    EXPECT_TRUE(turn_until([&] { return owner.seen == 0; }));
}

TEST_P(RingTest, CancelledOperationsComeBackAsCancelled) {
    Recorded<TimeoutOperation> timeout;
    timeout.start(*ring, clock.now() + 1h);
    ring->turn(clock, clock.now());
    ring->cancel(timeout);
    ASSERT_TRUE(turn_until([&] { return timeout.done(); }));
    EXPECT_EQ(timeout.result(), -ECANCELED);
    ring->cancel(timeout);  // not in flight: no effect
}

TEST_P(RingTest, CancellingWhatCompletesMeanwhileIsHarmless) {
    Recorded<> operation;
    ring->submit(operation, nop);
    ring->cancel(operation);
    ASSERT_TRUE(turn_until([&] { return operation.done(); }));
    ring->turn(clock, clock.now() + 5ms);
    EXPECT_EQ(operation.completions.size(), 1U);
}

TEST_P(RingTest, TimeoutsCompleteInTheOrderOfTheirTimes) {
    std::array<Recorded<TimeoutOperation>, 3> timeouts;
    const Time start = clock.refresh();
    timeouts[0].start(*ring, start + 30ms);
    timeouts[1].start(*ring, start + 10ms);
    timeouts[2].start(*ring, start + 20ms);
    std::vector<std::size_t> order;
    ASSERT_TRUE(turn_until([&] {
        for (std::size_t i = 0; i < timeouts.size(); ++i)
            if (timeouts[i].done() && std::ranges::count(order, i) == 0) order.push_back(i);
        return order.size() == timeouts.size();
    }));
    EXPECT_EQ(order, (std::vector<std::size_t>{1, 2, 0}));
    for (const auto& timeout : timeouts) EXPECT_EQ(timeout.result(), -ETIME);
    EXPECT_GE(clock.now() - start, 30ms);
}

TEST_P(RingTest, ASignalEndsASleepEarlyAndHarmsNothing) {
    struct sigaction action{};
    struct sigaction before{};
    action.sa_handler = [](int) {};
    ASSERT_EQ(::sigaction(SIGALRM, &action, &before), 0);
    const itimerval timer{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 20'000}};
    ASSERT_EQ(::setitimer(ITIMER_REAL, &timer, nullptr), 0);
    Recorded<TimeoutOperation> timeout;
    const Time start = clock.refresh();
    timeout.start(*ring, start + 60ms);
    ring->turn(clock, start + 10s);
    EXPECT_LT(clock.now() - start, 60ms);
    EXPECT_TRUE(turn_until([&] { return timeout.done(); }));
    ::sigaction(SIGALRM, &before, nullptr);
}

TEST_P(RingTest, DrainGivesEveryOperationBack) {
    std::array<Recorded<TimeoutOperation>, 50> timeouts;
    for (auto& timeout : timeouts) timeout.start(*ring, clock.now() + 1h);
    EXPECT_EQ(ring->in_flight(), timeouts.size());
    EXPECT_TRUE(ring->drain(clock, 5s));
    for (const auto& timeout : timeouts) EXPECT_EQ(timeout.result(), -ECANCELED);
}

TEST_P(RingTest, AnInvalidEntryFailsAloneAndTheRestIsSubmitted) {
    Recorded<> before;
    Recorded<> invalid;
    Recorded<> after;
    ring->submit(before, nop);
    ring->submit(invalid, [](io_uring_sqe* entry) {
        io_uring_prep_nop(entry);
        entry->opcode = 250;
    });
    ring->submit(after, nop);
    ASSERT_TRUE(turn_until([&] { return before.done() && invalid.done() && after.done(); }));
    EXPECT_EQ(invalid.result(), -EINVAL);
    EXPECT_EQ(after.result(), 0);
}

TEST_P(SmallRing, MoreSubmissionsThanTheQueueHoldsAreFlushed) {
    std::array<Recorded<>, 100> operations;
    for (auto& operation : operations) ring->submit(operation, nop);
    EXPECT_TRUE(turn_until([&] { return ring->in_flight() == 0; }));
    for (const auto& operation : operations) EXPECT_EQ(operation.completions.size(), 1U);
}

TEST_P(SmallRing, AnOverflownCompletionQueueLosesNothing) {
    std::array<Recorded<TimeoutOperation>, 64> timeouts;
    const Time at = clock.refresh() + 5ms;
    for (auto& timeout : timeouts) timeout.start(*ring, at);
    EXPECT_TRUE(turn_until([&] { return ring->in_flight() == 0; }));
    for (const auto& timeout : timeouts) EXPECT_EQ(timeout.completions.size(), 1U);
    EXPECT_GT(ring->counters().overflows, 0U);
}

TEST_P(BoundedRing, OneTurnDispatchesABoundedBatch) {
    std::array<Recorded<>, 25> operations;
    for (auto& operation : operations) ring->submit(operation, nop);
    EXPECT_EQ(ring->turn(clock, std::nullopt), 10U);
    EXPECT_EQ(ring->turn(clock, std::nullopt), 10U);
    EXPECT_EQ(ring->turn(clock, std::nullopt), 5U);
}

TEST_P(SpinningRing, ACompletionWithinTheSpinCostsNoSleep) {
    if (!ring->features().defer_taskrun) GTEST_SKIP() << "spins with deferred task work only";
    // Once is enough: on a busy machine another program may take the CPU during the spin.
    bool slept = true;
    for (int tries = 0; tries < 100 && slept; ++tries) {
        const std::uint64_t before = ring->counters().sleeps;
        Recorded<TimeoutOperation> timeout;
        timeout.start(*ring, clock.refresh() + 500us);
        ASSERT_TRUE(turn_until([&] { return timeout.done(); }));
        slept = ring->counters().sleeps != before;
    }
    EXPECT_FALSE(slept);
}

TEST_P(SpinningRing, ALongWaitEndsInASleep) {
    const Time start = clock.refresh();
    ring->turn(clock, start + 20ms);
    EXPECT_EQ(ring->counters().sleeps, 1U);
    EXPECT_GE(clock.now() - start, 20ms);
}

TEST_P(RingTest, SubmissionsThatTheKernelRefusesWaitAndKeepTheirOrder) {
    const Features features = ring->features();
    EXPECT_TRUE(holds_in_child([&] {
        auto opened = Ring::open(features, {.entries = 4, .completion_entries = 256});
        if (!opened) return false;
        Ring& refused = **opened;
        // Only submissions that don't fetch completions as well: those of a full queue.
        if (!forbid_flushes_of(4, EBUSY)) return false;
        Clock own_clock;
        std::array<Recorded<>, 50> operations;
        Recorded<TimeoutOperation> timeout;
        for (auto& operation : operations) refused.submit(operation, nop);
        timeout.start(refused, own_clock.now() + 1h);
        refused.cancel(timeout);  // finds it only when it was submitted after it
        const Time end = own_clock.now() + 5s;
        while (refused.in_flight() > 0 && own_clock.now() < end) refused.turn(own_clock, end);
        return refused.counters().refusals > 0 && timeout.done() &&
               timeout.result() == -ECANCELED &&
               std::ranges::all_of(operations, [](const auto& o) { return o.done(); });
    }));
}

TEST(Ring, ThreadsMayTakeTurnsWithOneThatIsOpenedForThat) {
    Clock clock;
    auto ring = Ring::open(features_or_die(), {.entries = 8, .one_thread = false}).value();
    Recorded<> here, there;
    ring->submit(here, nop);
    std::thread([&] {
        while (!here.done()) ring->turn(clock, std::nullopt);
        ring->submit(there, nop);
        ring->turn(clock, Time{});
    }).join();
    while (!there.done()) ring->turn(clock, std::nullopt);
    EXPECT_EQ(here.result(), 0);
    EXPECT_EQ(there.result(), 0);
}

TEST(RingDeathTest, DestroyingAnOperationInFlightIsOurBug) {
    EXPECT_DEATH(
        {
            auto ring = Ring::open(features_or_die());
            Recorded<TimeoutOperation> timeout;
            timeout.start(**ring, Clock().now() + 1h);
        },
        "in_flight");
}

TEST(Ring, TooLittleLockableMemoryIsAnErrorWithASentence) {
    const Features features = features_or_die();
    EXPECT_TRUE(holds_in_child([&] {
        if (!leave_little_lockable_memory()) return false;
        const auto ring = Ring::open(features, {.entries = 4096, .completion_entries = 65536});
        return !ring && ring.error().cause == Unavailable::Cause::locked_memory &&
               ring.error().sentence().find("RLIMIT_MEMLOCK is 65536") != std::string::npos;
    }));
}

TEST(Ring, OutOfDescriptorsIsAnErrorWithASentence) {
    const Features features = features_or_die();
    EXPECT_TRUE(holds_in_child([&] {
        if (!leave_no_descriptor()) return false;
        const auto ring = Ring::open(features);
        return !ring && ring.error().cause == Unavailable::Cause::descriptors;
    }));
}
