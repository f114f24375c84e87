#include "engine/driver/content/download_lock.hpp"

#include <gtest/gtest.h>

#include "tests/engine/driver/content/scratch_folder.hpp"

using namespace spate;
using namespace spate::driver;

namespace {

InfoHash hash_of(std::uint8_t first) {
    InfoHash hash{};
    hash.bytes[0] = std::byte{first};
    return hash;
}

}  // namespace

TEST(DownloadLock, OneAtATimeAndTheNextWhenItEnds) {
    const ScratchFolder folder;
    {
        const auto held = DownloadLock::take(folder.path(), hash_of(1));
        ASSERT_TRUE(held);
        EXPECT_FALSE(DownloadLock::take(folder.path(), hash_of(1)));
    }
    EXPECT_TRUE(DownloadLock::take(folder.path(), hash_of(1)));
}

TEST(DownloadLock, OtherTorrentsOfTheFolderAndOtherFoldersAreFree) {
    const ScratchFolder folder;
    const ScratchFolder other;
    const auto held = DownloadLock::take(folder.path(), hash_of(1));
    EXPECT_TRUE(DownloadLock::take(folder.path(), hash_of(2)));
    EXPECT_TRUE(DownloadLock::take(other.path(), hash_of(1)));
}

TEST(DownloadLock, WhereNoneCanBeMadeTheDownloadGoesOn) {
    const ScratchFolder folder;
    folder.write_random(".spate", 1);  // no folder
    EXPECT_TRUE(DownloadLock::take(folder.path(), hash_of(1)));
    EXPECT_TRUE(DownloadLock::take(folder.path(), hash_of(1)));
}
