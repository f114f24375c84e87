#include "io/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <sys/stat.h>

#include "io/mapping.hpp"
#include "tests/io/fixture.hpp"
#include "tests/io/unfriendly_kernel.hpp"

using namespace spate;
using namespace spate::io;

namespace {

constexpr OpenOptions to_write{.write = true, .create = true};

class File : public testing::Test {
protected:
    File() {
        std::filesystem::create_directory(outside.path() + "/target");
        std::filesystem::create_directory(directory.path() + "/inner");
    }
    void link(const std::string& to, const char* name) {
        std::filesystem::create_symlink(to, directory.path() + "/" + name);
    }
    int error_of(std::string_view path, const OpenOptions& options = to_write) {
        const auto file = open_beneath(directory.fd(), path, options);
        return file ? 0 : file.error().value();
    }

    TemporaryDirectory directory;
    TemporaryDirectory outside;
};

}  // namespace

TEST_F(File, PathsThatAreNotPlainAreRefused) {
    using namespace std::string_view_literals;
    for (const std::string_view path : {""sv, "/etc/passwd"sv, "../x"sv, "a/../b"sv, "a//b"sv,
                                        "./a"sv, "a/."sv, "a/"sv, ".."sv, "a\0b"sv}) {
        EXPECT_EQ(error_of(path), EINVAL) << path;
        EXPECT_EQ(error_of(path, {}), EINVAL) << path;
        EXPECT_EQ(make_directories_beneath(directory.fd(), path).value(), EINVAL) << path;
        EXPECT_FALSE(open_without_links(directory.fd(), path, to_write)) << path;
        EXPECT_FALSE(file_info_beneath(directory.fd(), path)) << path;
    }
}

TEST_F(File, FilesAreMadeInsideDirectories) {
    EXPECT_EQ(error_of("inner/f"), 0);
    EXPECT_EQ(error_of("missing/f"), ENOENT);
    EXPECT_FALSE(make_directories_beneath(directory.fd(), "missing/deep/er"));
    EXPECT_FALSE(make_directories_beneath(directory.fd(), "missing/deep/er"));
    EXPECT_EQ(error_of("missing/deep/er/f"), 0);
}

TEST_F(File, AFileInADirectorysPlaceIsAnError) {
    EXPECT_EQ(error_of("f"), 0);
    EXPECT_EQ(make_directories_beneath(directory.fd(), "f/g").value(), ENOTDIR);
    EXPECT_EQ(error_of("f/g"), ENOTDIR);
}

TEST_F(File, NothingIsWrittenThroughALinkThatLeadsOut) {
    link(outside.path() + "/target", "out");
    link("../" + std::filesystem::path(outside.path()).filename().string() + "/target", "up");
    for (const char* name : {"out/f", "up/f"}) EXPECT_EQ(error_of(name), EXDEV) << name;
    EXPECT_TRUE(make_directories_beneath(directory.fd(), "out/made"));
    link(outside.path() + "/target/file", "file");
    EXPECT_EQ(error_of("file"), EXDEV);
    EXPECT_TRUE(std::filesystem::is_empty(outside.path() + "/target"));
}

TEST_F(File, LinksThatStayInsideAreFollowed) {
    link("inner", "inside");
    EXPECT_EQ(error_of("inside/f"), 0);
    EXPECT_TRUE(std::filesystem::exists(directory.path() + "/inner/f"));
}

TEST_F(File, ReadingFollowsTheUsersLinks) {
    const auto elsewhere = open_directory(outside.path()).value();
    ASSERT_FALSE(atomic_write_file(elsewhere.get(), "f", as_bytes("data")));
    link(outside.path() + "/f", "linked");
    EXPECT_EQ(error_of("linked", {}), 0);
    EXPECT_EQ(file_info_beneath(directory.fd(), "linked")->size_bytes, 4U);
}

TEST_F(File, WithoutOpenat2EveryLinkIsRefused) {
    link("inner", "inside");
    link("inner/f", "file");
    EXPECT_TRUE(open_without_links(directory.fd(), "inner/f", to_write));
    for (const char* name : {"inside/f", "file"}) {
        const auto file = open_without_links(directory.fd(), name, to_write);
        ASSERT_FALSE(file) << name;
        EXPECT_TRUE(file.error().value() == ELOOP || file.error().value() == ENOTDIR);
    }
}

TEST_F(File, AFilterWithoutOpenat2FallsBackToTheWalk) {
    link(outside.path() + "/target", "out");
    for (const unsigned error : {ENOSYS, EPERM}) {
        EXPECT_TRUE(holds_in_child([&] {
            if (!forbid(SYS_openat2, error)) return false;
            return !make_directories_beneath(directory.fd(), "x/y") && error_of("x/y/f") == 0 &&
                   error_of("out/f") != 0 && make_directories_beneath(directory.fd(), "out/d");
        }));
    }
    EXPECT_TRUE(std::filesystem::is_empty(outside.path() + "/target"));
}

TEST_F(File, OnlyRegularFilesAreOpened) {
    ASSERT_EQ(::mkfifoat(directory.fd(), "pipe", 0600), 0);
    EXPECT_EQ(error_of("pipe"), ENXIO);
    EXPECT_EQ(error_of("pipe", {}), ENXIO);
    EXPECT_EQ(error_of("inner"), EISDIR);
    EXPECT_EQ(error_of("inner", {}), EISDIR);
    EXPECT_EQ(error_of("missing", {}), ENOENT);
}

TEST_F(File, OpenedFilesAreBlockingAndCloseOnExec) {
    const auto file = open_beneath(directory.fd(), "f", to_write).value();
    EXPECT_EQ(::fcntl(file.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(::fcntl(file.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST_F(File, InfoTellsSizeTimeAndIdentity) {
    const auto file = open_beneath(directory.fd(), "f", to_write).value();
    ASSERT_FALSE(set_size(file.get(), 12345));
    const auto info = file_info(file.get()).value();
    EXPECT_EQ(info.size_bytes, 12345U);
    EXPECT_GT(info.modified_ns, 0);
    EXPECT_GT(info.changed_ns, 0);
    EXPECT_TRUE(has_stable_inodes(file.get()));
    EXPECT_EQ(info, file_info_beneath(directory.fd(), "f").value());
    const auto other = open_beneath(directory.fd(), "g", to_write).value();
    EXPECT_NE(file_info(other.get())->inode, info.inode);
}

TEST_F(File, AllocationTakesBlocksAndSparseGrowthDoesNot) {
    const auto sparse = open_beneath(directory.fd(), "sparse", to_write).value();
    ASSERT_FALSE(set_size(sparse.get(), 1 << 20));
    EXPECT_LT(file_info(sparse.get())->allocated_bytes, 1U << 20);
    const auto full = open_beneath(directory.fd(), "full", to_write).value();
    const auto error = allocate_blocks(full.get(), 1 << 20);
    if (error == std::errc::operation_not_supported) GTEST_SKIP();
    ASSERT_FALSE(error);
    EXPECT_GE(file_info(full.get())->allocated_bytes, 1U << 20);
    EXPECT_FALSE(allocate_blocks(full.get(), 0));
}

TEST_F(File, AllocatingMoreThanThereIsIsAnError) {
    const auto file = open_beneath(directory.fd(), "f", to_write).value();
    EXPECT_TRUE(allocate_blocks(file.get(), std::uint64_t{1} << 62));
}

TEST_F(File, DirectWritesOfTheUnitThatTheFilesystemNamesAreTaken) {
    const auto file = *open_beneath(directory.fd(), "direct", to_write);
    const auto unit = direct_unit_bytes(file.get());
    if (!unit) GTEST_SKIP() << "no O_DIRECT here";
    EXPECT_GE(*unit, 4096U);
    const auto direct = *open_beneath(directory.fd(), "direct", {.write = true, .direct = true});
    const PageMapping memory = PageMapping::create(*unit, *unit);
    EXPECT_EQ(::pwrite(direct.get(), memory.memory().data(), *unit, *unit), ssize_t{*unit});
}

TEST_F(File, AnAtomicWriteReplacesTheWholeFileAndLeavesNoOther) {
    ASSERT_FALSE(atomic_write_file(directory.fd(), "state", as_bytes("long old content")));
    ASSERT_FALSE(atomic_write_file(directory.fd(), "state", as_bytes("new")));
    const auto content = read_whole_file(directory.fd(), "state", 100).value();
    EXPECT_EQ(as_text(content), "new");
    EXPECT_FALSE(std::filesystem::exists(directory.path() + "/state.new"));
}

TEST_F(File, AFailedAtomicWriteLeavesTheOldFile) {
    ASSERT_FALSE(atomic_write_file(directory.fd(), "state", as_bytes("old")));
    EXPECT_TRUE(holds_in_child([&] {
        return forbid(SYS_fsync, EIO) &&
               atomic_write_file(directory.fd(), "state", as_bytes("new")).value() == EIO;
    }));
    EXPECT_EQ(as_text(read_whole_file(directory.fd(), "state", 100).value()), "old");
    EXPECT_FALSE(std::filesystem::exists(directory.path() + "/state.new"));
}

TEST_F(File, ALeftoverOfAnInterruptedWriteIsReplaced) {
    ASSERT_FALSE(atomic_write_file(directory.fd(), "state.new", as_bytes("half of something")));
    ASSERT_FALSE(atomic_write_file(directory.fd(), "state", as_bytes("x")));
    EXPECT_EQ(as_text(read_whole_file(directory.fd(), "state", 100).value()), "x");
}

TEST_F(File, AStagedFileChangesNothingBeforeItIsPlaced) {
    ASSERT_FALSE(atomic_write_file(directory.fd(), "state", as_bytes("old")));
    const auto staged = stage_file(directory.fd(), "state", as_bytes("new"));
    ASSERT_TRUE(staged);
    EXPECT_EQ(as_text(read_whole_file(directory.fd(), "state", 100).value()), "old");
    EXPECT_FALSE(sync_file(staged->get()));
    EXPECT_FALSE(place_file(directory.fd(), "state"));
    EXPECT_EQ(as_text(read_whole_file(directory.fd(), "state", 100).value()), "new");
    EXPECT_FALSE(std::filesystem::exists(directory.path() + "/state.new"));
}

TEST_F(File, AFilesystemIsSyncedByAnyOfItsFiles) {
    const auto file = stage_file(directory.fd(), "state", as_bytes("x"));
    ASSERT_TRUE(file);
    const std::error_code error = sync_filesystem(file->get());
    EXPECT_TRUE(!error || error == std::errc::not_supported) << error.message();
    EXPECT_EQ(sync_filesystem(-1), std::errc::bad_file_descriptor);
}

TEST_F(File, ALargerFileThanExpectedIsNotRead) {
    ASSERT_FALSE(atomic_write_file(directory.fd(), "f", as_bytes("12345")));
    EXPECT_EQ(read_whole_file(directory.fd(), "f", 4).error().value(), EFBIG);
    EXPECT_EQ(read_whole_file(directory.fd(), "f", 5)->size(), 5U);
    EXPECT_EQ(read_whole_file(directory.fd(), "missing", 5).error().value(), ENOENT);
}
