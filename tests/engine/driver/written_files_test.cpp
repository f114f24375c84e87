#include "engine/driver/written_files.hpp"

#include <fcntl.h>
#include <thread>
#include <unistd.h>

#include "engine/driver/content/file_stamp.hpp"
#include "tests/engine/driver/torrent_folder.hpp"

namespace spate::driver {
namespace {

struct WrittenFilesTest : TorrentFolderTest {
    WrittenFilesTest() {
        write_files();
        file = io::FileDescriptor(::open(path("a").c_str(), O_RDWR));
    }

    void change() const { EXPECT_EQ(::pwrite(file.get(), "x", 1, 0), 1); }
    void change_as_ours() {
        written.begin(a);
        change();
        written.end(a, file.get());
    }
    /// Beyond the tick of the file system's clock.
    static void let_time_pass() { std::this_thread::sleep_for(20ms); }

    WrittenFiles written{storage::PieceMap(content), {}, {}};
    io::FileDescriptor file;
};

TEST_F(WrittenFilesTest, ItIsKnownHowAFileLooksAfterOurLastChange) {
    EXPECT_FALSE(written.touched(a));
    EXPECT_FALSE(written.rest_stamp(a));
    change_as_ours();
    EXPECT_TRUE(written.touched(a));
    EXPECT_EQ(written.rest_stamp(a), stamp_of(file.get()));
    EXPECT_FALSE(written.changed_by_others(a, file.get()));
}

TEST_F(WrittenFilesTest, AChangeOfSomebodyElsesIsNoticedAndNotTakenForOurs) {
    change_as_ours();
    const auto ours = written.rest_stamp(a);
    let_time_pass();
    change();
    EXPECT_TRUE(written.changed_by_others(a, file.get()));
    EXPECT_EQ(written.rest_stamp(a), ours);
    EXPECT_NE(written.rest_stamp(a), stamp_of(file.get()));
}

TEST_F(WrittenFilesTest, NothingIsSaidWhileAChangeOfOursIsUnderWay) {
    change_as_ours();
    written.begin(a);
    written.begin(a);
    let_time_pass();
    change();
    EXPECT_FALSE(written.changed_by_others(a, file.get()));
    written.end(a, file.get());
    EXPECT_FALSE(written.rest_stamp(a)) << "the other one goes on";
    written.end(a, file.get());
    EXPECT_EQ(written.rest_stamp(a), stamp_of(file.get())) << "the last one looks";
}

TEST_F(WrittenFilesTest, AChangeThatFailedLeavesNoLook) {
    change_as_ours();
    written.begin(a);
    written.end(a, -1);
    EXPECT_FALSE(written.rest_stamp(a));
    EXPECT_FALSE(written.changed_by_others(a, file.get()));
}

TEST_F(WrittenFilesTest, AnotherFileInItsPlaceIsNotIt) {
    const io::FileDescriptor other(::open(path("b").c_str(), O_RDWR));
    EXPECT_TRUE(written.identify(a, *stamp_of(file.get())));
    EXPECT_TRUE(written.identify(a, *stamp_of(file.get())));
    EXPECT_FALSE(written.identify(a, *stamp_of(other.get())));
}

TEST_F(WrittenFilesTest, TheLastPieceThatAFileLacksIsTold) {
    Bitfield have(storage::PieceMap(content).piece_count());
    have.set(0);
    WrittenFiles resumed{storage::PieceMap(content), have, {}};
    EXPECT_TRUE(resumed.piece_stored(a)) << "a has two pieces, of which one was there";
    EXPECT_FALSE(written.piece_stored(a));
    EXPECT_TRUE(written.piece_stored(a));
}

TEST_F(WrittenFilesTest, ManyThreadsLeaveTheLookOfTheEnd) {
    const auto work = [&] {
        for (int i = 0; i < 2'000; ++i) {
            change_as_ours();
            EXPECT_FALSE(written.changed_by_others(a, file.get()));
        }
    };
    std::thread first(work);
    std::thread second(work);
    first.join();
    second.join();
    EXPECT_EQ(written.rest_stamp(a), stamp_of(file.get()));
}

}  // namespace
}  // namespace spate::driver
