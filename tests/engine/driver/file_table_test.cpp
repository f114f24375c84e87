#include "engine/driver/file_table.hpp"

#include <fstream>
#include <functional>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include "engine/driver/content/resume_file.hpp"
#include "tests/engine/driver/torrent_folder.hpp"

namespace spate::driver {
namespace {

struct FileTableTest : TorrentFolderTest {
    FileTable table{8};
};

TEST_F(FileTableTest, OpensAFileOnceForItsReaders) {
    write_files();
    const auto files = open(false);
    const auto first = table.for_reading(torrent, *files, a, start);
    const auto second = table.for_reading(torrent, *files, a, start);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(*first, *second);
    EXPECT_EQ(table.open_count(), 1U);
    EXPECT_FALSE((*first)->writable());
    EXPECT_EQ((*first)->mapping().size(), 100'000U);
    EXPECT_EQ((*first)->mapping()[999], content_at(999));
}

TEST_F(FileTableTest, AFileIsMadeWithItsSizeWhenItIsFirstWritten) {
    const auto files = open(true);
    const auto file = table.for_writing(torrent, *files, a);
    ASSERT_TRUE(file);
    EXPECT_TRUE((*file)->writable());
    EXPECT_EQ(std::filesystem::file_size(path("a")), 100'000U);
    EXPECT_EQ(table.for_reading(torrent, *files, a, start), file) << "readers share it";
}

TEST_F(FileTableTest, AFileOpenForReadingIsOpenedAgainForWriting) {
    write_files();
    const auto files = open(true);
    const auto reading = table.for_reading(torrent, *files, b, start);
    const auto writing = table.for_writing(torrent, *files, b);
    ASSERT_TRUE(reading && writing);
    EXPECT_NE(*reading, *writing);
    EXPECT_EQ(table.open_count(), 1U);
    EXPECT_EQ((*reading)->mapping()[1], content_at(100'001)) << "it stays open for its users";
}

TEST_F(FileTableTest, AFileThatIsTooLongIsCut) {
    write_files();
    std::filesystem::resize_file(path("b"), 60'000);
    ASSERT_TRUE(table.for_writing(torrent, *open(true), b));
    EXPECT_EQ(std::filesystem::file_size(path("b")), 50'000U);
}

TEST_F(FileTableTest, FullAllocationTakesTheBlocksAtOnce) {
    ASSERT_TRUE(table.for_writing(torrent, *open(true, {.allocation = Allocation::full}), a));
    struct stat info{};
    ASSERT_EQ(::stat(path("a").c_str(), &info), 0);
    EXPECT_GE(info.st_blocks * 512, 100'000);
    ASSERT_TRUE(table.for_writing(TorrentId(1), *open(true), c));
    ASSERT_EQ(::stat(path("c").c_str(), &info), 0);
    EXPECT_LT(info.st_blocks * 512, 70'000) << "sparse";
}

TEST_F(FileTableTest, AFileThatIsWrittenDirectlyTakesItsBlocksAtOnceIfAllOfItIsWanted) {
    const auto allocated_bytes = [&] {
        struct stat info{};
        EXPECT_EQ(::stat(path("large").c_str(), &info), 0);
        return info.st_blocks * 512;
    };
    Bitfield skipped(storage::PieceMap(content).piece_count());
    skipped.set(storage::PieceMap(content).pieces_of(large).first.value);
    ASSERT_TRUE(table.for_writing(TorrentId(1), *open(true, {.skipped = skipped}), large));
    EXPECT_LT(allocated_bytes(), 300'000) << "a part is skipped";
    ASSERT_TRUE(
        table.for_writing(TorrentId(2), *open(true, {.allocation = Allocation::sparse}), large));
    EXPECT_LT(allocated_bytes(), 300'000);
    const auto file = *table.for_writing(torrent, *open(true), large);
    if (file->direct_descriptor() < 0) GTEST_SKIP() << "this filesystem has no direct writes";
    EXPECT_GE(allocated_bytes(), 300'001);
}

TEST_F(FileTableTest, KeepsNoMoreFilesOpenThanItsLimit) {
    write_files();
    const auto files = open(false);
    FileTable small{2};
    const auto first = *small.for_reading(torrent, *files, a, start);
    ASSERT_TRUE(small.for_reading(torrent, *files, b, start));
    EXPECT_EQ(*small.for_reading(torrent, *files, a, start), first);
    ASSERT_TRUE(small.for_reading(torrent, *files, c, start));
    EXPECT_EQ(small.open_count(), 2U);
    EXPECT_EQ(*small.for_reading(torrent, *files, a, start), first) << "b was not used for longest";
}

TEST_F(FileTableTest, ATorrentThatEndsClosesItsFiles) {
    write_files();
    const auto files = open(false);
    ASSERT_TRUE(table.for_reading(torrent, *files, a, start));
    ASSERT_TRUE(table.for_reading(TorrentId(1), *files, a, start));
    ASSERT_TRUE(table.for_reading(TorrentId(1), *files, b, start));
    table.close_torrent(TorrentId(1));
    EXPECT_EQ(table.open_count(), 1U);
    table.close_torrent(torrent);
    EXPECT_EQ(table.open_count(), 0U);
}

TEST_F(FileTableTest, ALargeAlignedFileIsWrittenDirectlyUpToItsLastWholeUnit) {
    const auto files = open(true);
    const auto file = *table.for_writing(torrent, *files, large);
    if (file->direct_descriptor() < 0) GTEST_SKIP() << "no O_DIRECT here";
    EXPECT_EQ(file->direct_part_bytes(0, piece_length), piece_length);
    EXPECT_EQ(file->direct_part_bytes(4 * piece_length, 37'857), 36'864U);
    EXPECT_EQ(file->direct_part_bytes(4 * piece_length + 36'864, 993), 0U);
    EXPECT_EQ(file->direct_part_bytes(100, 4096), 0U) << "the rest of a short write";
    file->stop_writing_direct();
    EXPECT_EQ(file->direct_part_bytes(0, piece_length), 0U);
}

TEST_F(FileTableTest, OtherFilesAreWrittenThroughThePageCache) {
    const auto files = open(true);
    for (const storage::FileIndex index : {a, b, c, unaligned})
        EXPECT_EQ((*table.for_writing(torrent, *files, index))->direct_part_bytes(0, 4096), 0U)
            << index.value;
    const auto cached = open(true, {.writes = FileWrites::cached});
    FileTable other{8};
    EXPECT_EQ((*other.for_writing(torrent, *cached, large))->direct_part_bytes(0, 4096), 0U);
}

TEST_F(FileTableTest, AMissingFileIsNamed) {
    const auto file = table.for_reading(torrent, *open(true), a, start);
    ASSERT_FALSE(file);
    EXPECT_NE(file.error().sentence.find(path("a").string()), std::string::npos);
}

TEST_F(FileTableTest, AFileThatIsCutOrDeletedWhileServedIsNoticedAfterAWhile) {
    write_files();
    const auto files = open(false);
    for (const storage::FileIndex index : {a, b}) {
        ASSERT_TRUE(table.for_reading(torrent, *files, index, start));
    }
    std::filesystem::resize_file(path("a"), 10);
    std::filesystem::remove(path("b"));
    EXPECT_TRUE(table.for_reading(torrent, *files, a, start + FileTable::look_interval));
    const auto cut = table.for_reading(torrent, *files, a, start + 3s);
    ASSERT_FALSE(cut);
    EXPECT_NE(cut.error().sentence.find("shorter"), std::string::npos);
    const auto deleted = table.for_reading(torrent, *files, b, start + 3s);
    ASSERT_FALSE(deleted);
    EXPECT_NE(deleted.error().sentence.find("No such file"), std::string::npos);
}

TEST_F(FileTableTest, AFileThatIsCutOrDeletedWhileWrittenIsNoticedByTheNextWrite) {
    const auto files = open(true);
    for (const storage::FileIndex index : {a, b})
        ASSERT_TRUE(table.for_writing(torrent, *files, index));
    std::filesystem::resize_file(path("a"), 10);
    std::filesystem::remove(path("b"));
    const auto cut = table.for_writing(torrent, *files, a);
    ASSERT_FALSE(cut);
    EXPECT_NE(cut.error().sentence.find("shorter"), std::string::npos);
    const auto deleted = table.for_writing(torrent, *files, b);
    ASSERT_FALSE(deleted);
    EXPECT_NE(deleted.error().sentence.find("deleted"), std::string::npos);
}

TEST_F(FileTableTest, AFileThatOthersWroteToOrReplacedIsNotWrittenAnyMore) {
    const auto files = open(true);
    for (const storage::FileIndex index : {a, b, c})
        ASSERT_TRUE(table.for_writing(torrent, *files, index));
    std::this_thread::sleep_for(20ms);  // a tick of the file system's clock
    std::ofstream(path("a"), std::ios::in) << "x";
    std::filesystem::copy_file(path("b"), path("other"));
    std::filesystem::rename(path("other"), path("b"));
    const auto written = table.for_writing(torrent, *files, a);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, Trouble::changed);
    table.close_all();
    EXPECT_FALSE(table.for_writing(torrent, *files, b)) << "another file has its name";
    EXPECT_TRUE(table.for_writing(torrent, *files, c));
}

TEST_F(FileTableTest, ADownloadWritesOnlyToWhatWasFound) {
    write_files();
    std::filesystem::remove(path("c"));
    const auto found = stamp_files(content, folder);
    std::this_thread::sleep_for(20ms);
    std::ofstream(path("b"), std::ios::in) << "x";
    std::ofstream(path("c")) << "mine";
    const auto files = open(true, {.found = found});
    EXPECT_TRUE(table.for_writing(torrent, *files, a));
    EXPECT_FALSE(table.for_writing(torrent, *files, b)) << "it was changed since";
    EXPECT_FALSE(table.for_writing(torrent, *files, c)) << "it came since";
    EXPECT_EQ(std::filesystem::file_size(path("c")), 4U);
}

TEST_F(FileTableTest, WhatWasWrittenIsHandedOverToBeSyncedBeforeItIsClosed) {
    std::vector<std::uint32_t> synced;
    FileTable small{1, [&](TorrentId, storage::FileIndex index, const auto& file) {
                        EXPECT_GE(file->descriptor(), 0);
                        synced.push_back(index.value);
                    }};
    const auto files = open(true);
    const auto first = *small.for_writing(torrent, *files, a);
    small.wrote(torrent, a, first, false);
    EXPECT_TRUE(synced.empty());
    const auto second = *small.for_writing(torrent, *files, b);
    EXPECT_EQ(synced, std::vector({a.value})) << "b took its place";
    small.wrote(torrent, a, first, false);
    EXPECT_EQ(synced, std::vector({a.value, a.value})) << "a write that was under way";
    small.wrote(torrent, b, second, true);
    EXPECT_EQ(synced.back(), b.value) << "it has all its pieces";
    small.sync_torrent(torrent);
    EXPECT_EQ(synced.size(), 3U) << "nothing is left";
    small.wrote(torrent, b, second, false);
    small.close_all();
    EXPECT_EQ(synced.size(), 4U);
}

TEST_F(FileTableTest, ASeedsFileThatChangedSinceItWasCheckedIsNotServed) {
    write_files();
    const FileOptions options{.stamps = stamp_files(content, folder)};
    const auto files = open(false, options);
    ASSERT_TRUE(table.for_reading(torrent, *files, a, start));
    const auto later = std::filesystem::last_write_time(path("a")) + 1s;
    for (const char* name : {"a", "b"}) std::filesystem::last_write_time(path(name), later);
    const auto opened_before = table.for_reading(torrent, *files, a, start + 3s);
    ASSERT_FALSE(opened_before);
    EXPECT_EQ(opened_before.error().kind, Trouble::changed);
    EXPECT_NE(opened_before.error().sentence.find("changed"), std::string::npos);
    EXPECT_FALSE(table.for_reading(torrent, *files, b, start));
    EXPECT_TRUE(table.for_reading(torrent, *files, c, start));
    files->restamp(a, stamp_files(content, folder)[a.value]);
    EXPECT_TRUE(table.for_reading(torrent, *files, a, start + 3s)) << "it was checked again";
}

TEST_F(FileTableTest, EveryWayToChangeAFileIsNoticedAfterTheInterval) {
    using Change = std::function<void(const std::filesystem::path&)>;
    const auto write = [](const std::filesystem::path& to, std::string_view bytes) {
        std::fstream(to, std::ios::in | std::ios::out | std::ios::binary) << bytes;
    };
    const auto keep_times = [&](const std::filesystem::path& to, const Change& change) {
        const auto before = std::filesystem::last_write_time(to);
        change(to);
        std::filesystem::last_write_time(to, before);
    };
    const std::vector<std::pair<const char*, Change>> changes{
        {"written to", [&](const auto& to) { write(to, "x"); }},
        {"written to, and its times set back",
         [&](const auto& to) { keep_times(to, [&](const auto& file) { write(file, "x"); }); }},
        {"replaced by a copy",
         [](const auto& to) {
             const std::filesystem::path copy = to.string() + ".copy";
             std::filesystem::copy_file(to, copy);
             std::filesystem::rename(copy, to);
         }},
        {"cut", [](const auto& to) { std::filesystem::resize_file(to, 10); }},
        {"deleted", [](const auto& to) { std::filesystem::remove(to); }},
    };
    for (const auto& [what, change] : changes) {
        write_files();
        const auto files = open(false, {.stamps = stamp_files(content, folder)});
        FileTable fresh{8};
        ASSERT_TRUE(fresh.for_reading(torrent, *files, a, start)) << what;
        change(path("a"));
        const Time later = start + FileTable::look_interval + 1ms;
        EXPECT_FALSE(fresh.for_reading(torrent, *files, a, later)) << what;
        EXPECT_TRUE(fresh.for_reading(torrent, *files, c, later)) << what;
    }
}

TEST_F(FileTableTest, AFileThatWasReplacedAndCheckedIsOpenedAnew) {
    write_files();
    const auto files = open(false, {.stamps = stamp_files(content, folder)});
    const auto before = *table.for_reading(torrent, *files, a, start);
    std::filesystem::rename(path("a"), path("old"));
    std::filesystem::copy_file(path("old"), path("a"));
    files->restamp(a, stamp_files(content, folder)[a.value]);
    const auto after = table.for_reading(torrent, *files, a, start + 3s);
    ASSERT_TRUE(after);
    EXPECT_NE(*after, before);
}

TEST_F(FileTableTest, AFolderInTheFilesPlaceIsAnErrorThatNamesIt) {
    std::filesystem::create_directories(path("a"));
    const auto file = table.for_writing(torrent, *open(true), a);
    ASSERT_FALSE(file);
    EXPECT_NE(file.error().sentence.find(path("a").string()), std::string::npos);
}

}  // namespace
}  // namespace spate::driver
