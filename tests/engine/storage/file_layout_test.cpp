#include "engine/storage/file_layout.hpp"

#include <gtest/gtest.h>

#include "torrent_fixture.hpp"

using namespace spate;
using namespace spate::storage;

TEST(FileLayout, ASingleFileLiesInTheDownloadFolder) {
    metainfo::Metainfo torrent = folder_of({{"data.bin", 5}}, 1024);
    torrent.name = "data.bin";
    torrent.single_file = true;
    EXPECT_EQ(lay_out(torrent), (std::vector<PlannedFile>{{"data.bin", 5, false, false}}));
}

TEST(FileLayout, ManyFilesLieInTheTorrentsFolder) {
    metainfo::Metainfo torrent = folder_of({{"a", 5}, {"pad", 1019, true}, {"c", 0}}, 1024);
    torrent.files[2].path = {"b", "c"};
    torrent.files[2].executable = true;
    EXPECT_EQ(lay_out(torrent), (std::vector<PlannedFile>{{"root/a", 5, false, false},
                                                          {"root/pad", 1019, true, false},
                                                          {"root/b/c", 0, false, true}}));
}

TEST(FileLayout, ALinkIsRelativeToTheFolderThatItLiesIn) {
    metainfo::Metainfo torrent = folder_of({{"data", 5}, {"l", 0}, {"l", 0}, {"l", 0}}, 1024);
    torrent.files[1].symlink = {"b", "data"};
    torrent.files[2].path = {"b", "c", "l"};
    torrent.files[2].symlink = {"data"};
    torrent.files[3].path = {"b", "c", "m"};
    torrent.files[3].symlink = {"b", "d", "e"};
    const auto planned = lay_out(torrent);
    EXPECT_EQ(planned[0].link_target, "");
    EXPECT_EQ(planned[1].link_target, "b/data");
    EXPECT_EQ(planned[2].link_target, "../../data");
    EXPECT_EQ(planned[3].link_target, "../d/e");
}

TEST(FileLayout, TwoTorrentsThatWriteTheSameFileAreTold) {
    const metainfo::Metainfo first = folder_of({{"a", 5}, {"b", 0}, {"p", 3, true}}, 1024);
    EXPECT_EQ(shared_path(first, folder_of({{"c", 9}, {"a", 6}}, 1024)), "root/a");
    EXPECT_EQ(shared_path(first, folder_of({{"c", 9}, {"b", 6}, {"p", 3}}, 1024)), "");
    metainfo::Metainfo elsewhere = first;
    elsewhere.name = "other";
    EXPECT_EQ(shared_path(first, elsewhere), "");
}

TEST(FileLayoutDeathTest, UnsafeNamesNeverReachTheDisk) {
    metainfo::Metainfo torrent = folder_of({{"..", 5}}, 1024);
    EXPECT_DEATH(lay_out(torrent), "is_plain_path");
}
