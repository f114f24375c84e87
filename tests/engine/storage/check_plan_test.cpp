#include "engine/storage/check_plan.hpp"

#include <gtest/gtest.h>

#include "torrent_fixture.hpp"

using namespace spate;
using namespace spate::storage;

namespace {

using Found = std::vector<std::optional<FileStamp>>;

const metainfo::Metainfo torrent =
    folder_of({{"a", 25}, {"b", 25}, {"pad", 0, true}, {"c", 10}}, 10);

BootId boot(int value) {
    BootId id;
    id.bytes.fill(std::byte(value));
    return id;
}

/// Pieces 0-1 are a's, 2 is of a and b, 3-4 b's, 5 c's.
class CheckPlanTest : public testing::Test {
protected:
    CheckPlanTest() {
        record.info_hash = torrent.info_hash;
        record.boot_id = boot(1);
        record.have = Bitfield(6);
        for (const std::size_t piece : {0UL, 2UL, 3UL, 5UL}) record.have.set(piece);
        record.files = found;
    }

    /// One letter a piece: trusted, check, missing.
    std::string plan(const BootId& now = boot(1)) const { return plan_of(&record, now); }

    std::string plan_of(const ResumeState* known, const BootId& now) const {
        std::string letters;
        for (const PieceTrust trust : plan_check(map, known, found, now).pieces)
            letters += trust == PieceTrust::trusted   ? 't'
                       : trust == PieceTrust::missing ? 'm'
                                                      : 'c';
        return letters;
    }

    PieceMap map{torrent};
    Found found{FileStamp{25, 100, 100, 1, 7}, FileStamp{25, 200, 200, 2, 7}, std::nullopt,
                FileStamp{10, 300, 300, 3, 7}};
    ResumeState record;
};

}  // namespace

TEST_F(CheckPlanTest, UnchangedFilesAreTrustedAndWhatTheyLackIsMissing) {
    EXPECT_EQ(plan(), "tmttmt");
}

TEST_F(CheckPlanTest, AChangedFileMakesItsPiecesChecked) {
    found[0]->mtime_ns = 101;
    EXPECT_EQ(plan(), "ccctmt");
    found[0] = record.files[0];
    found[3]->size_bytes = 11;
    EXPECT_EQ(plan(), "tmttmc");
    found[3] = record.files[3];
    found[1]->inode = 99;
    EXPECT_EQ(plan(), "tmccct") << "another file with the same time";
    found[1] = record.files[1];
    found[1]->ctime_ns = 201;
    EXPECT_EQ(plan(), "tmccct") << "written, and the time of modification set back";
    found[1] = record.files[1];
    found[1]->device = 8;
    EXPECT_EQ(plan(), "tmccct") << "another volume in its place";
}

TEST_F(CheckPlanTest, WhereInodesAreNotStableEverythingIsChecked) {
    for (auto& stamp : found)
        if (stamp) stamp->inode = 0;
    record.files = found;
    EXPECT_EQ(plan(), "cccccc");
}

TEST_F(CheckPlanTest, AMissingFileMakesItsPiecesMissingAndOutweighsChanges) {
    found[1].reset();
    EXPECT_EQ(plan(), "tmmmmt");
    found[0]->mtime_ns = 101;
    EXPECT_EQ(plan(), "ccmmmt");
}

TEST_F(CheckPlanTest, AFileThatIsTooShortLacksThePiecesBeyondItsEnd) {
    found[1]->size_bytes = 15;  // up to byte 40
    EXPECT_EQ(plan(), "tmccmt");
    found[1]->size_bytes = 14;
    EXPECT_EQ(plan(), "tmcmmt");
    record.files[1] = found[1];
    EXPECT_EQ(plan(), "tmtmmt") << "even if the record believes it has piece 3";
}

TEST_F(CheckPlanTest, AFileThatAppearedIsChecked) {
    record.files[3].reset();
    EXPECT_EQ(plan(), "tmttmc");
}

TEST_F(CheckPlanTest, ARecordHoldsAfterARestartOfTheMachine) {
    EXPECT_EQ(plan(boot(2)), "tmttmt");
    for (auto& stamp : found)
        if (stamp) stamp->device = 9;
    EXPECT_EQ(plan(boot(2)), "tmttmt") << "its disks may be numbered otherwise then";
}

TEST_F(CheckPlanTest, WithoutARecordAllThatIsThereIsChecked) {
    EXPECT_EQ(plan_of(nullptr, boot(1)), "cccccc");
    found[0].reset();
    EXPECT_EQ(plan_of(nullptr, boot(1)), "mmmccc");
    found = Found(4);
    EXPECT_EQ(plan_of(nullptr, boot(1)), "mmmmmm");
}

TEST_F(CheckPlanTest, CountsAddUp) {
    const CheckPlan counted = plan_check(map, &record, found, boot(1));
    EXPECT_EQ(counted.count(PieceTrust::trusted), 4U);
    EXPECT_EQ(counted.count(PieceTrust::missing), 2U);
    EXPECT_EQ(counted.count(PieceTrust::must_check), 0U);
}

TEST_F(CheckPlanTest, ARecordFitsItsTorrentOnly) {
    EXPECT_TRUE(fits(record, map, torrent.info_hash));
    InfoHash other = torrent.info_hash;
    other.bytes[0] ^= std::byte{1};
    EXPECT_FALSE(fits(record, map, other));
    record.files.pop_back();
    EXPECT_FALSE(fits(record, map, torrent.info_hash));
    EXPECT_DEATH(plan(), "fits");
}
