#include "engine/driver/content/durable_records.hpp"

#include <gmock/gmock.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <gtest/gtest.h>

#include "engine/driver/content/resume_file.hpp"
#include "tests/engine/driver/content/scratch_folder.hpp"
#include "tests/io/unfriendly_kernel.hpp"

using namespace spate;
using namespace spate::driver;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

constexpr std::size_t torrents = 5;
constexpr std::uint64_t old_upload = 1;
constexpr std::uint64_t new_upload = 2;

class DurableRecords : public testing::Test {
protected:
    DurableRecords() {
        for (std::size_t i = 0; i < torrents; ++i) {
            const std::string name = "album" + std::to_string(i);
            folder_.write_random(name, 4000 + i);
            torrents_.push_back(
                std::make_shared<const metainfo::Metainfo>(torrent_of(folder_ / name, 1 << 10)));
        }
    }

    /// Records that claim everything; those of different times differ in what was uploaded.
    std::vector<DurableRecord> records(std::uint64_t uploaded_bytes = old_upload) {
        std::vector<DurableRecord> records;
        for (const auto& torrent : torrents_) {
            storage::ResumeState state{.info_hash = torrent->info_hash,
                                       .boot_id = read_boot_id(),
                                       .uploaded_bytes = uploaded_bytes,
                                       .have = Bitfield(torrent->piece_count()),
                                       .files = stamp_files(*torrent, folder_.path())};
            state.have.set_all();
            records.push_back({torrent, folder_.path(), std::move(state)});
        }
        return records;
    }

    /// What was uploaded by each torrent's record; all of them are whole and trusted.
    std::vector<std::uint64_t> recorded() {
        std::vector<std::uint64_t> uploads;
        for (const auto& torrent : torrents_) {
            const auto record = load_resume(*torrent, folder_.path());
            EXPECT_TRUE(record && record->has_value());
            if (!record || !record->has_value()) continue;
            EXPECT_TRUE(plan_resume(*torrent, folder_.path(), false).complete);
            uploads.push_back((*record)->uploaded_bytes);
        }
        return uploads;
    }

    /// Saves new records in a process that ends when it makes the system call.
    void save_and_die_at(unsigned system_call) {
        const std::vector<DurableRecord> batch = records(new_upload);
        const pid_t child = ::fork();
        if (child == 0) {
            if (io::die_at(system_call)) save_durable(batch);
            ::_exit(0);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the system call was made";
    }

    /// The child's kernel refuses the system call.
    bool all_fail_without(unsigned system_call) {
        const std::vector<DurableRecord> batch = records(new_upload);
        const pid_t child = ::fork();
        if (child == 0)
            ::_exit(io::forbid(system_call, EIO) && save_durable(batch).size() == torrents ? 0 : 1);
        int status = 0;
        return ::waitpid(child, &status, 0) == child && status == 0;
    }

    std::size_t leftovers() {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder_ / ".spate"))
            count += entry.path().extension() == ".new" ? 1 : 0;
        return count;
    }

    ScratchFolder folder_;
    std::vector<std::shared_ptr<const metainfo::Metainfo>> torrents_;
};

}  // namespace

TEST_F(DurableRecords, AreAllSavedAndTrusted) {
    EXPECT_THAT(save_durable(records()), IsEmpty());
    EXPECT_EQ(recorded(), std::vector(torrents, old_upload));
    EXPECT_EQ(leftovers(), 0U);
}

TEST_F(DurableRecords, OneOfATorrentWithoutItsFilesIsSavedToo) {
    std::filesystem::remove(folder_ / "album0");
    EXPECT_THAT(save_durable(records()), IsEmpty());
    EXPECT_TRUE(load_resume(*torrents_[0], folder_.path())->has_value());
}

TEST_F(DurableRecords, KilledBeforeTheSyncTheOldOnesHold) {
    save_durable(records());
    save_and_die_at(SYS_syncfs);
    EXPECT_EQ(leftovers(), torrents);
    EXPECT_EQ(recorded(), std::vector(torrents, old_upload));
    EXPECT_THAT(save_durable(records(new_upload)), IsEmpty());
    EXPECT_EQ(recorded(), std::vector(torrents, new_upload));
    EXPECT_EQ(leftovers(), 0U);
}

TEST_F(DurableRecords, KilledAfterTheSyncTheOldOnesHold) {
    save_durable(records());
    save_and_die_at(SYS_renameat);
    EXPECT_EQ(recorded(), std::vector(torrents, old_upload));
}

TEST_F(DurableRecords, WithoutTheSyncNothingIsClaimed) {
    save_durable(records());
    EXPECT_TRUE(all_fail_without(SYS_syncfs));
    EXPECT_EQ(recorded(), std::vector(torrents, old_upload));
    EXPECT_EQ(leftovers(), 0U);
}

TEST_F(DurableRecords, OneThatCannotBeSavedDoesNotStopTheOthers) {
    const ScratchFolder elsewhere;
    elsewhere.write(".spate", {});
    std::vector<DurableRecord> batch = records();
    batch[2].folder = elsewhere.path();
    const auto unsaved = save_durable(batch);
    ASSERT_THAT(unsaved, SizeIs(1));
    EXPECT_EQ(unsaved[0].index, 2U);
    EXPECT_THAT(unsaved[0].sentence, HasSubstr("cannot save"));
    EXPECT_TRUE(load_resume(*torrents_[4], folder_.path())->has_value());
}
