#include "engine/driver/torrent_files.hpp"

#include "tests/engine/driver/torrent_folder.hpp"

namespace spate::driver {
namespace {

struct TorrentFilesTest : TorrentFolderTest {};

TEST_F(TorrentFilesTest, ADownloadMakesItsFolder) {
    folder /= "new/below";
    EXPECT_FALSE(TorrentFiles::open(content, folder, false, {}, folders));
    EXPECT_TRUE(TorrentFiles::open(content, folder, true, {}, folders));
    EXPECT_TRUE(std::filesystem::is_directory(folder));
    folder = folder.parent_path().parent_path();
}

TEST_F(TorrentFilesTest, AMissingFolderIsNamed) {
    const auto opened = TorrentFiles::open(content, folder / "missing", false, {}, folders);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().find((folder / "missing").string()), std::string::npos);
}

TEST_F(TorrentFilesTest, ATorrentNamedLikeTheRecordsFolderIsRefused) {
    content.name = ".spate";
    const auto opened = TorrentFiles::open(content, folder, true, {}, folders);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().find("'.spate'"), std::string::npos);
}

TEST_F(TorrentFilesTest, CreatingAFileMakesItsFolders) {
    const auto files = open(true);
    EXPECT_FALSE(std::filesystem::exists(folder / "root"));
    EXPECT_TRUE(files->create(a));
    EXPECT_TRUE(std::filesystem::is_regular_file(path("a")));
    EXPECT_TRUE(files->create(a)) << "a second time it is only opened";
    EXPECT_EQ(files->display_path(a), path("a").string());
}

TEST_F(TorrentFilesTest, OnlyEmptyFilesAreMadeBeforehand) {
    EXPECT_TRUE(open(true)->make_empty_files());
    EXPECT_TRUE(std::filesystem::exists(path("empty")));
    for (const char* name : {"a", "b", "pad", "c"})
        EXPECT_FALSE(std::filesystem::exists(path(name)));
}

TEST_F(TorrentFilesTest, LinksAreMadeWhereNothingHasTheirName) {
    content.files[empty.value].path = {"sub", "link"};
    content.files[empty.value].symlink = {"a"};
    EXPECT_TRUE(open(true)->make_empty_files());
    EXPECT_EQ(std::filesystem::read_symlink(path("sub/link")), "../a");
    EXPECT_TRUE(open(true)->make_empty_files()) << "a second time it is there";
    std::filesystem::remove(path("sub/link"));
    std::ofstream(path("sub/link")) << "kept";
    EXPECT_TRUE(open(true)->make_empty_files());
    EXPECT_EQ(std::filesystem::file_size(path("sub/link")), 4U);
}

TEST_F(TorrentFilesTest, ALinkIsNotMadeThroughOneThatLeadsOutOfTheFolder) {
    content.files[empty.value].path = {"sub", "link"};
    content.files[empty.value].symlink = {"a"};
    const std::filesystem::path outside = folder / "outside";
    const std::filesystem::path inside = folder / "inside";
    std::filesystem::create_directories(outside);
    std::filesystem::create_directories(inside / "root");
    std::filesystem::create_directory_symlink(outside, inside / "root" / "sub");
    const auto files = TorrentFiles::open(content, inside, true, {}, folders);
    ASSERT_TRUE(files);
    EXPECT_FALSE((*files)->make_empty_files());
    EXPECT_TRUE(std::filesystem::is_empty(outside));
}

TEST_F(TorrentFilesTest, AnExecutableIsForAllWhoMayReadIt) {
    content.files[a.value].executable = true;
    const auto files = open(true);
    files->set_mode(a, files->create(a).value());
    using std::filesystem::perms;
    const perms mode = std::filesystem::status(path("a")).permissions();
    EXPECT_NE(mode & perms::owner_exec, perms::none);
    EXPECT_EQ((mode & perms::others_exec) != perms::none,
              (mode & perms::others_read) != perms::none);
}

TEST_F(TorrentFilesTest, ALinkThatLeadsOutOfTheFolderIsNotWrittenThrough) {
    const std::filesystem::path outside = folder / "outside";
    const std::filesystem::path inside = folder / "inside";
    std::filesystem::create_directories(outside);
    std::filesystem::create_directories(inside);
    std::filesystem::create_directory_symlink(outside, inside / "root");
    const auto files = TorrentFiles::open(content, inside, true, {}, folders);
    ASSERT_TRUE(files);
    EXPECT_FALSE((*files)->create(a));
    EXPECT_TRUE(std::filesystem::is_empty(outside));
}

TEST_F(TorrentFilesTest, TorrentsInOneFolderShareItsDescriptor) {
    const auto first = TorrentFiles::open(content, folder, true, {}, folders);
    const auto second = TorrentFiles::open(content, folder / ".", false, {}, folders);
    const auto below = TorrentFiles::open(content, folder / "below", true, {}, folders);
    ASSERT_TRUE(first && second && below);
    EXPECT_EQ((*first)->folder_descriptor(), (*second)->folder_descriptor());
    EXPECT_NE((*first)->folder_descriptor(), (*below)->folder_descriptor());
}

}  // namespace
}  // namespace spate::driver
