#include "engine/driver/content/foreign_file.hpp"

#include <gtest/gtest.h>

#include "tests/engine/storage/torrent_fixture.hpp"

using namespace spate;
using namespace spate::driver;

namespace {

/// Pieces 0-1 are a's, 2 is of a, b and c, 3 of c, which goes on to 4.
class ForeignFile : public testing::Test {
protected:
    std::string foreign() { return find_foreign_file(torrent, {stamps, have, skipped}); }
    std::string longer() { return find_longer_file(torrent, {stamps, have, skipped}); }

    const metainfo::Metainfo torrent = storage::folder_of({{"a", 25}, {"b", 3}, {"c", 20}}, 10);
    std::vector<std::optional<storage::FileStamp>> stamps{3};
    Bitfield have{5};
    Bitfield skipped;
};

}  // namespace

TEST_F(ForeignFile, WhatIsNotThereAndWhatIsEmptyIsNobodys) {
    EXPECT_EQ(foreign(), "");
    stamps[0] = storage::FileStamp{.size_bytes = 0};
    EXPECT_EQ(foreign(), "");
}

TEST_F(ForeignFile, DataOfWhichNothingMatchesIsSomebodyElses) {
    stamps[0] = storage::FileStamp{.size_bytes = 25};
    EXPECT_EQ(foreign(), "root/a");
    have.set(1);
    EXPECT_EQ(foreign(), "");
}

TEST_F(ForeignFile, ALongerOneIsNotCutWhateverMatches) {
    stamps[2] = storage::FileStamp{.size_bytes = 21};
    have.set(3);
    EXPECT_EQ(foreign(), "root/c");
    EXPECT_EQ(longer(), "");
    have.set_all();
    EXPECT_EQ(foreign(), "") << "nothing is written to it";
    EXPECT_EQ(longer(), "root/c");
}

TEST_F(ForeignFile, OneThatNobodyWantsIsNotWritten) {
    stamps[0] = storage::FileStamp{.size_bytes = 30};
    skipped = Bitfield(5);
    for (const std::size_t piece : {0UL, 1UL, 2UL}) skipped.set(piece);
    EXPECT_EQ(foreign(), "");
}

TEST_F(ForeignFile, OneThatNoPieceLiesInIsJudgedByItsSizeAndByTheOthers) {
    stamps[1] = storage::FileStamp{.size_bytes = 3};
    EXPECT_EQ(foreign(), "root/b");
    have.set(0);
    EXPECT_EQ(foreign(), "");
    stamps[1]->size_bytes = 2;
    EXPECT_EQ(foreign(), "root/b");
}
