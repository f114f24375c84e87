#include "engine/driver/content/resume_file.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "tests/engine/driver/content/scratch_folder.hpp"

using namespace spate;
using namespace spate::driver;
using testing::HasSubstr;

namespace {

class ResumeFile : public testing::Test {
protected:
    ResumeFile() {
        folder_.write_random("album/a", 4000);
        folder_.write_random("album/b", 4000);
        torrent_ = torrent_of(folder_ / "album", 1 << 10);
    }

    /// A record that claims all pieces but the last.
    void save() {
        storage::ResumeState record{.info_hash = torrent_.info_hash,
                                    .boot_id = read_boot_id(),
                                    .have = Bitfield(torrent_.piece_count()),
                                    .files = stamp_files(torrent_, folder_.path())};
        record.have.set_all();
        record.have.reset(torrent_.piece_count() - 1);
        ASSERT_TRUE(save_resume(record, folder_.path()));
    }

    ResumePlan plan(bool full_check = false) {
        return plan_resume(torrent_, folder_.path(), full_check);
    }

    ScratchFolder folder_;
    metainfo::Metainfo torrent_;
};

}  // namespace

TEST_F(ResumeFile, WithoutARecordWhatIsThereIsChecked) {
    EXPECT_TRUE(plan().check.all());
    EXPECT_TRUE(plan().have.none());
    EXPECT_EQ(plan().warning, "");
    EXPECT_FALSE(plan().had_record);
}

TEST_F(ResumeFile, WithoutFilesNothingIsChecked) {
    std::filesystem::remove_all(folder_ / "album");
    EXPECT_TRUE(plan().check.none());
    EXPECT_TRUE(plan().have.none());
}

TEST_F(ResumeFile, UnchangedFilesAreTrusted) {
    save();
    EXPECT_EQ(plan().have.count(), torrent_.piece_count() - 1);
    EXPECT_TRUE(plan().check.none());
}

TEST_F(ResumeFile, AWrittenFileIsCheckedAgain) {
    save();
    folder_.flip_byte("album/b", 3999);
    EXPECT_EQ(plan().have.count(), 3U);
    EXPECT_EQ(plan().check.count(), 5U);
}

TEST_F(ResumeFile, AFullCheckTrustsNothing) {
    save();
    EXPECT_TRUE(plan(true).have.none());
    EXPECT_TRUE(plan(true).check.all());
}

TEST_F(ResumeFile, ADamagedRecordIsAWarningAndChecked) {
    save();
    folder_.flip_byte(".spate/" + resume_path("", torrent_.info_hash).filename().string(), 30);
    EXPECT_THAT(plan().warning, HasSubstr("damaged"));
    EXPECT_TRUE(plan().check.all());
}

TEST_F(ResumeFile, WithoutADescriptorNothingIsSaidToBeLost) {
    const auto before = stamp_files(torrent_, folder_.path());
    const auto lost = [&] {
        return find_lost_file(torrent_, folder_.path(), Bitfield(torrent_.piece_count()), before);
    };
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = limit.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto looks = look_at_files(torrent_, folder_.path());
    const auto seen = lost();
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_FALSE(looks);
    EXPECT_FALSE(seen);
    EXPECT_EQ(lost(), "");
}

TEST_F(ResumeFile, AFileOfAStoredPieceThatIsLostIsNamed) {
    const auto before = stamp_files(torrent_, folder_.path());
    const auto lost = [&] {
        Bitfield first(torrent_.piece_count());
        first.set(0);
        return find_lost_file(torrent_, folder_.path(), first, before).value();
    };
    EXPECT_EQ(lost(), "");
    std::filesystem::remove(folder_ / "album/b");
    EXPECT_EQ(lost(), "") << "no piece of it is stored";
    std::filesystem::resize_file(folder_ / "album/a", 3999);
    EXPECT_THAT(lost(), HasSubstr("album/a was cut"));
    std::filesystem::remove_all(folder_ / "album");
    EXPECT_THAT(lost(), HasSubstr("album/a is gone"));
}

TEST_F(ResumeFile, ARecordThatCannotBeSavedIsASentence) {
    folder_.write(".spate", {});
    storage::ResumeState record{.info_hash = torrent_.info_hash,
                                .boot_id = {},
                                .have = Bitfield(torrent_.piece_count()),
                                .files = stamp_files(torrent_, folder_.path())};
    const auto saved = save_resume(record, folder_.path());
    ASSERT_FALSE(saved);
    EXPECT_THAT(saved.error(), HasSubstr("cannot save"));
}

TEST_F(ResumeFile, TheMachinesRunHasAName) {
    EXPECT_NE(read_boot_id(), storage::BootId{});
}

TEST_F(ResumeFile, AFileWhoseTimesWereSetBackAfterAWriteIsCheckedAgain) {
    const auto before = std::filesystem::last_write_time(folder_ / "album/b");
    save();
    folder_.flip_byte("album/b", 3999);
    std::filesystem::last_write_time(folder_ / "album/b", before);
    EXPECT_EQ(plan().check.count(), 5U) << "as rsync --inplace --times leaves it";
}
