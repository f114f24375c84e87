#include "io/buffer_ring.hpp"

#include <sys/socket.h>

#include "io/prepare.hpp"
#include "tests/io/fixture.hpp"

using namespace spate;
using namespace spate::io;

namespace {

class BufferRingTest : public RingTest {
protected:
    BufferRingTest() {
        buffers = BufferRing::open(*ring, {.group = 7, .buffers = 2, .buffer_bytes = 64}).value();
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        sender = FileDescriptor(ends[0]);
        receiver = FileDescriptor(ends[1]);
    }
    ~BufferRingTest() override { EXPECT_TRUE(ring->drain(clock, patience)); }

    void send(std::string_view text) {
        ASSERT_EQ(::send(sender.get(), text.data(), text.size(), 0),
                  static_cast<ssize_t>(text.size()));
    }

    void start(Operation& operation, bool multishot = false) {
        ring->submit(operation, [&](io_uring_sqe* entry) {
            prepare_receive_selected(entry, receiver.get(), buffers->group(), multishot);
        });
    }

    std::string_view text_of(const Recorded<>::Completion& completion) {
        const auto id = selected_buffer(completion.flags).value();
        return as_text(buffers->at(id).first(static_cast<std::size_t>(completion.result)));
    }

    std::unique_ptr<BufferRing> buffers;
    FileDescriptor sender;
    FileDescriptor receiver;
};

}  // namespace

SPATE_ON_ALL_FEATURES(BufferRingTest);

TEST_P(BufferRingTest, AReceiveTakesABufferWhenDataArrives) {
    Recorded<> receive;
    start(receive);
    ring->turn(clock, clock.now());
    EXPECT_FALSE(receive.done());
    send("hello");
    ASSERT_TRUE(turn_until([&] { return receive.done(); }));
    EXPECT_EQ(text_of(receive.completions[0]), "hello");
}

TEST_P(BufferRingTest, AnEmptyGroupIsAnOrdinaryResultUntilABufferIsRecycled) {
    Recorded<> receive;
    for (const char* text : {"1", "2", "3"}) send(text);
    for (std::size_t round = 1; round <= 3; ++round) {
        start(receive);
        ASSERT_TRUE(turn_until([&] { return receive.completions.size() == round; }));
    }
    EXPECT_EQ(receive.result(), -ENOBUFS);
    buffers->recycle(selected_buffer(receive.completions[0].flags).value());
    start(receive);
    ASSERT_TRUE(turn_until([&] { return receive.completions.size() == 4; }));
    EXPECT_EQ(text_of(receive.completions[3]), "3");
}

TEST_P(BufferRingTest, BuffersGoRoundManyTimes) {
    Recorded<> receive;
    for (int round = 0; round < 1000; ++round) {
        const std::string text = std::to_string(round);
        send(text);
        start(receive);
        ASSERT_TRUE(turn_until([&] { return receive.done(); }));
        ASSERT_EQ(text_of(receive.completions[0]), text);
        buffers->recycle(selected_buffer(receive.completions[0].flags).value());
        receive.completions.clear();
    }
}

TEST_P(BufferRingTest, AMultishotReceiveStaysArmedUntilTheGroupIsEmpty) {
    if (!ring->features().multishot_receive) GTEST_SKIP() << "6.0 and later";
    Recorded<> receive;
    start(receive, true);
    for (const char* text : {"1", "2"}) {
        send(text);
        const std::size_t seen = receive.completions.size();
        ASSERT_TRUE(turn_until([&] { return receive.completions.size() > seen; }));
        EXPECT_EQ(text_of(receive.completions[seen]), text);
        EXPECT_TRUE(is_armed(receive.completions[seen].flags));
    }
    send("3");
    ASSERT_TRUE(turn_until([&] { return receive.done(); }));
    EXPECT_EQ(receive.result(), -ENOBUFS);
    EXPECT_FALSE(is_armed(receive.completions.back().flags));
    for (const std::size_t i : {0U, 1U})
        buffers->recycle(selected_buffer(receive.completions[i].flags).value());
    start(receive, true);
    ASSERT_TRUE(turn_until([&] { return receive.completions.size() == 4; }));
    EXPECT_EQ(text_of(receive.completions[3]), "3");
    EXPECT_TRUE(ring->drain(clock, patience));
}

TEST_P(BufferRingTest, AGroupThatIsTakenIsAnError) {
    const auto second = BufferRing::open(*ring, {.group = 7, .buffers = 2, .buffer_bytes = 64});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().value(), EEXIST);
}

TEST_P(BufferRingTest, TheLargestRingHoldsAllItsBuffers) {
    const auto large = BufferRing::open(
        *ring, {.group = 8, .buffers = BufferRing::buffers_max, .buffer_bytes = 16});
    ASSERT_TRUE(large);
    EXPECT_EQ((*large)->at(BufferRing::buffers_max - 1).size(), 16U);
}
