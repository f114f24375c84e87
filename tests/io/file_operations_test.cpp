#include "io/file_operations.hpp"

#include <fcntl.h>

#include "io/mapping.hpp"
#include "tests/io/fixture.hpp"

using namespace spate;
using namespace spate::io;

namespace {

class FileOperations : public RingTest {
protected:
    FileDescriptor writable(const char* name) {
        return open_beneath(directory.fd(), name, {.write = true, .create = true}).value();
    }
    void wait_for(const auto& operation) {
        ASSERT_TRUE(turn_until([&] { return operation.done(); }));
    }

    TemporaryDirectory directory;
};

}  // namespace

SPATE_ON_ALL_FEATURES(FileOperations);

TEST_P(FileOperations, WhatIsWrittenAtAPlaceIsReadThere) {
    const auto file = writable("f");
    Recorded<FileOperation<2>> write;
    write.ranges().add(as_bytes("hello "));
    write.ranges().add(as_bytes("world"));
    write.set_offset(1000);
    write.start_write(*ring, file.get());
    wait_for(write);
    EXPECT_EQ(write.result(), 11);
    EXPECT_TRUE(write.advance(write.result()));
    EXPECT_EQ(write.offset_bytes(), 1011U);

    std::array<std::byte, 5> room{};
    Recorded<FileOperation<1>> read;
    read.ranges().add(MutableBytes(room));
    read.set_offset(1006);
    read.start_read(*ring, file.get());
    wait_for(read);
    EXPECT_EQ(as_text(room), "world");
}

TEST_P(FileOperations, AReadAcrossTheEndIsShortAndThenZero) {
    const auto file = writable("f");
    ASSERT_EQ(::write(file.get(), "0123456789", 10), 10);
    std::array<std::byte, 16> room{};
    Recorded<FileOperation<1>> read;
    read.ranges().add(MutableBytes(room));
    read.set_offset(4);
    read.start_read(*ring, file.get());
    wait_for(read);
    EXPECT_EQ(read.result(), 6);
    EXPECT_FALSE(read.advance(6));
    read.completions.clear();
    read.start_read(*ring, file.get());
    wait_for(read);
    EXPECT_EQ(read.result(), 0);
}

TEST_P(FileOperations, AShortWriteIntoAPipeGoesOnWhereItStopped) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const FileDescriptor reader(ends[0]);
    const FileDescriptor writer(ends[1]);
    ASSERT_GT(::fcntl(writer.get(), F_SETPIPE_SZ, 4096), 0);
    std::vector<std::byte> sent(20'000);
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<std::byte>(i % 251);
    std::vector<std::byte> received;
    Recorded<> write;
    Bytes rest(sent);
    int writes = 0;
    while (!rest.empty()) {
        write.completions.clear();
        ring->submit(write, [&](io_uring_sqe* entry) {
            prepare_write_at(entry, writer.get(), rest, static_cast<std::uint64_t>(-1));
        });
        std::array<std::byte, 4096> room{};
        do {
            ring->turn(clock, clock.now() + 1ms);
            const ssize_t count = ::read(reader.get(), room.data(), room.size());
            ASSERT_GT(count, 0);
            received.insert(received.end(), room.begin(), room.begin() + count);
        } while (write.in_flight());
        ASSERT_GT(write.result(), 0);
        rest = rest.subspan(static_cast<std::size_t>(write.result()));
        ++writes;
    }
    while (received.size() < sent.size()) {
        std::array<std::byte, 4096> room{};
        const ssize_t count = ::read(reader.get(), room.data(), room.size());
        ASSERT_GT(count, 0);
        received.insert(received.end(), room.begin(), room.begin() + count);
    }
    EXPECT_TRUE(received == sent);
    EXPECT_GE(writes, 1);
}

TEST_P(FileOperations, SyncsComplete) {
    const auto file = writable("f");
    Recorded<SyncOperation> sync;
    sync.start(*ring, file.get());
    wait_for(sync);
    EXPECT_EQ(sync.result(), 0);
    sync.start_data_only(*ring, file.get());
    ASSERT_TRUE(turn_until([&] { return sync.completions.size() == 2; }));
    EXPECT_EQ(sync.result(), 0);
}

TEST_P(FileOperations, AllocationGrowsTheFile) {
    const auto file = writable("f");
    Recorded<> allocate;
    ring->submit(allocate,
                 [&](io_uring_sqe* entry) { prepare_allocate(entry, file.get(), 0, 100'000); });
    wait_for(allocate);
    if (allocate.result() == -EOPNOTSUPP) GTEST_SKIP() << "this filesystem doesn't allocate";
    EXPECT_EQ(allocate.result(), 0);
    EXPECT_EQ(file_info(file.get())->size_bytes, 100'000U);
}

TEST_P(FileOperations, DirectWritesTakeAlignedMemory) {
    const auto file =
        open_beneath(directory.fd(), "f", {.write = true, .create = true, .direct = true});
    if (!file) GTEST_SKIP() << "this filesystem has no direct I/O";
    const auto pages = PageMapping::create(65536, 4096);
    Recorded<FileOperation<1>> write;
    write.ranges().add(pages.memory());
    write.start_write(*ring, file->get());
    wait_for(write);
    EXPECT_EQ(write.result(), 65536);
}

TEST_P(FileOperations, WritingToAFileOpenForReadingIsAnError) {
    writable("f");
    const auto file = open_beneath(directory.fd(), "f").value();
    Recorded<FileOperation<1>> write;
    write.ranges().add(as_bytes("x"));
    write.start_write(*ring, file.get());
    wait_for(write);
    EXPECT_EQ(write.result(), -EBADF);
}

TEST_P(FileOperations, ADescriptorCanBeClosedThroughTheRing) {
    auto file = writable("f");
    Recorded<> close;
    const int raw = file.release();
    ring->submit(close, [&](io_uring_sqe* entry) { prepare_close(entry, raw); });
    wait_for(close);
    EXPECT_EQ(close.result(), 0);
    EXPECT_EQ(::fcntl(raw, F_GETFD), -1);
}

TEST_P(FileOperations, AMappingCanBePopulatedWithoutTouchingIt) {
    const auto pages = PageMapping::create(65536, 4096);
    Recorded<> populate;
    ring->submit(populate, [&](io_uring_sqe* entry) { prepare_populate(entry, pages.memory()); });
    wait_for(populate);
    EXPECT_EQ(populate.result(), 0);
}
