#include "engine/driver/content/path_locks.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/engine/driver/content/scratch_folder.hpp"
#include "tests/engine/storage/torrent_fixture.hpp"

using namespace spate;
using namespace spate::driver;
using enum PathLocks::Use;

namespace {

metainfo::Metainfo torrent_with(const std::vector<std::string>& names) {
    std::vector<storage::FixtureFile> files;
    for (const std::string& name : names) files.push_back({name, 100});
    return storage::folder_of(files, 16384);
}

struct PathLocksTest : testing::Test {
    /// What another process is told.
    std::string from_elsewhere(const metainfo::Metainfo& torrent, PathLocks::Use use) {
        const pid_t child = ::fork();
        if (child == 0) {
            PathLocks others;
            const auto lock = others.take(folder.path(), torrent, use);
            ::_exit(lock ? 0 : lock.error() == LockConflict::downloaded ? 1 : 2);
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        return WEXITSTATUS(status) == 0   ? "given"
               : WEXITSTATUS(status) == 1 ? "downloaded"
                                          : "seeded";
    }

    ScratchFolder folder;
    PathLocks locks;
    const metainfo::Metainfo album = torrent_with({"a", "b"});
};

}  // namespace

TEST_F(PathLocksTest, AWriterHasItsPathsAlone) {
    {
        const auto held = locks.take(folder.path(), album, download);
        ASSERT_TRUE(held);
        for (const auto use : {seed, download}) {
            EXPECT_EQ(from_elsewhere(album, use), "downloaded");
            EXPECT_EQ(locks.take(folder.path(), album, use).error(), LockConflict::downloaded)
                << "within one process too";
        }
    }
    EXPECT_EQ(from_elsewhere(album, download), "given");
}

TEST_F(PathLocksTest, AnotherTorrentWithOneOfItsPathsIsExcludedToo) {
    const auto held = locks.take(folder.path(), album, download);
    EXPECT_EQ(from_elsewhere(torrent_with({"b", "c"}), download), "downloaded");
    EXPECT_EQ(from_elsewhere(torrent_with({"c", "d"}), download), "given")
        << "beside it in a folder";
    const ScratchFolder other;
    EXPECT_TRUE(locks.take(other.path(), album, download)) << "in another folder";
}

TEST_F(PathLocksTest, ThreeSeedsShareAFileAndKeepAWriterOutUntilTheLastEnds) {
    const metainfo::Metainfo second = torrent_with({"a"});
    auto first_seed = std::optional(locks.take(folder.path(), album, seed));
    auto second_seed = std::optional(locks.take(folder.path(), second, seed));
    ASSERT_TRUE(*first_seed && *second_seed);
    EXPECT_EQ(from_elsewhere(album, seed), "given");
    EXPECT_EQ(from_elsewhere(album, download), "seeded");
    EXPECT_EQ(locks.take(folder.path(), second, download).error(), LockConflict::seeded);
    first_seed.reset();
    EXPECT_EQ(from_elsewhere(album, download), "seeded");
    second_seed.reset();
    EXPECT_EQ(from_elsewhere(album, download), "given");
}

TEST_F(PathLocksTest, ADownloadThatIsOverLetsReadersIn) {
    auto held = locks.take(folder.path(), album, download);
    held->share();
    EXPECT_EQ(from_elsewhere(album, seed), "given");
    EXPECT_TRUE(locks.take(folder.path(), album, seed));
    EXPECT_EQ(from_elsewhere(album, download), "seeded");
}

TEST_F(PathLocksTest, ATorrentOfManyFilesTakesItsWholeFolder) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i <= PathLocks::files_max; ++i) names.push_back(std::to_string(i));
    const auto held = locks.take(folder.path(), torrent_with(names), download);
    EXPECT_EQ(from_elsewhere(torrent_with({"elsewhere"}), download), "downloaded");
    names.pop_back();
    const ScratchFolder other;
    const auto at_the_limit = locks.take(other.path(), torrent_with(names), download);
    EXPECT_TRUE(locks.take(other.path(), torrent_with({"elsewhere"}), download));
}

TEST_F(PathLocksTest, WhereNoneCanBeMadeTheDownloadGoesOn) {
    folder.write_random(".spate", 1);  // no folder
    const auto held = locks.take(folder.path(), album, download);
    EXPECT_TRUE(held);
    EXPECT_TRUE(locks.take(folder.path(), album, download));
    EXPECT_TRUE(locks.take(folder.path(), album, seed));
}
