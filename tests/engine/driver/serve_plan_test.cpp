#include "engine/driver/serve_plan.hpp"

#include <algorithm>
#include <fcntl.h>
#include <optional>
#include <unistd.h>

#include "tests/engine/driver/torrent_folder.hpp"

namespace spate::driver {
namespace {

struct ServePlanTest : TorrentFolderTest {
    ServePlanTest() { write_files(); }

    std::expected<void, FileTrouble> build(std::initializer_list<BlockRef> blocks,
                                           Time now = start) {
        session::SendPlan send;
        send.torrent = torrent;
        for (const BlockRef block : blocks) send.blocks[send.block_count++] = block;
        return plan.build(send, *files, table, now);
    }
    /// The payload is what the torrent has there; zeros where it is padding.
    void expect_content(std::size_t index, BlockRef block) const {
        const Bytes payload = plan.payload(index);
        ASSERT_EQ(payload.size(), block.length);
        const std::uint64_t at = std::uint64_t{block.piece.value} * piece_length + block.offset;
        for (std::uint32_t i = 0; i < block.length; ++i) {
            const std::uint64_t byte = at + i;
            const bool zero = byte >= 150'000 && byte < 3 * piece_length;
            ASSERT_EQ(payload[i], zero ? std::byte{0} : content_at(byte)) << byte;
        }
        EXPECT_TRUE(std::ranges::equal(plan.header(index), wire::piece_header(block)));
    }

    std::shared_ptr<const TorrentFiles> files = open(false);
    FileTable table{8};
    ServePlan plan;
};

constexpr BlockRef block(std::uint32_t piece, std::uint32_t offset, std::uint32_t length) {
    return {PieceIndex(piece), offset, length};
}

TEST_F(ServePlanTest, ABlockWithinAFileIsSentFromItsMapping) {
    const BlockRef wanted = block(0, 16'384, 16'384);
    ASSERT_TRUE(build({wanted}));
    expect_content(0, wanted);
    EXPECT_EQ(plan.bytes_copied(), 0U);
    EXPECT_EQ(plan.payload(0).data(),
              (*table.for_reading(torrent, *files, a, start))->mapping().data() + 16'384);
}

TEST_F(ServePlanTest, ABlockThatCrossesFilesIsGathered) {
    const BlockRef wanted = block(1, 32'768, 16'384);  // byte 98,304 on; a ends at 100,000
    ASSERT_TRUE(build({wanted}));
    expect_content(0, wanted);
    EXPECT_EQ(plan.bytes_copied(), 16'384U);
}

TEST_F(ServePlanTest, PaddingReadsAsZeros) {
    const BlockRef across = block(2, 10'000, 16'384);  // byte 141,072 on; b ends at 150,000
    const BlockRef within = block(2, 32'768, 16'384);
    ASSERT_TRUE(build({across, within}));
    expect_content(0, across);
    expect_content(1, within);
}

TEST_F(ServePlanTest, ManyBlocksOfSeveralFilesKeepTheirOrder) {
    const std::initializer_list<BlockRef> blocks{block(3, 0, 16'384), block(0, 0, 16'384),
                                                 block(1, 32'768, 16'384), block(3, 16'384, 16'384),
                                                 block(4, 4'000, 464)};
    ASSERT_TRUE(build(blocks));
    std::size_t index = 0;
    for (const BlockRef wanted : blocks) expect_content(index++, wanted);
    ASSERT_TRUE(build({block(0, 0, 1)})) << "the plan is used again";
    expect_content(0, block(0, 0, 1));
    EXPECT_EQ(plan.bytes_copied(), 0U);
}

TEST_F(ServePlanTest, WhatWasJustWrittenIsNotCold) {
    ASSERT_TRUE(build({block(0, 0, 16'384), block(0, 16'384, 16'384)}));
    EXPECT_FALSE(plan.next_cold_read());
    EXPECT_EQ(plan.suspect(), a);
}

/// One file of 700,000 bytes in pieces of two windows, which has left memory as far as the kernel
/// obeys.
struct ColdFileTest : TorrentFolderTest {
    ColdFileTest() {
        content = storage::folder_of({{"a", 700'000}}, 2 * ServePlan::window_bytes);
        write_files();
        files = open(false);
        const auto file = *table.for_reading(torrent, *files, a, start);
        ::fdatasync(file->descriptor());
        ::posix_fadvise(file->descriptor(), 0, 0, POSIX_FADV_DONTNEED);
    }
    /// A number of 16 KiB blocks in a row from `offset` of the piece.
    std::optional<ServePlan::ColdRead> read_for(std::uint32_t piece, std::uint32_t offset,
                                                std::size_t blocks) {
        session::SendPlan send;
        send.torrent = torrent;
        for (std::size_t i = 0; i < blocks; ++i, offset += 16'384)
            send.blocks[send.block_count++] = block(piece, offset, 16'384);
        EXPECT_TRUE(plan.build(send, *files, table, start));
        return plan.next_cold_read();
    }

    std::shared_ptr<const TorrentFiles> files;
    FileTable table{8};
    ServePlan plan;
};

TEST_F(ColdFileTest, ASingleBlockIsReadInWholePagesAndNoFurther) {
    const auto read = read_for(0, 20'000, 1);
    if (!read) GTEST_SKIP() << "files never leave memory here";
    EXPECT_EQ(read->offset_bytes, 16'384U);
    EXPECT_EQ(read->memory.size(), 20'000U);
    EXPECT_FALSE(plan.next_cold_read()) << "each extent is named once";
}

TEST_F(ColdFileTest, AfterSeveralBlocksInARowTheRestOfTheWindowIsReadToo) {
    const auto read = read_for(0, 32'768, 4);
    if (!read) GTEST_SKIP() << "files never leave memory here";
    EXPECT_EQ(read->offset_bytes, 32'768U);
    EXPECT_EQ(read->offset_bytes + read->memory.size(), ServePlan::window_bytes);
    EXPECT_EQ(read_for(0, 32'768, 3)->memory.size(), 3U * 16'384);
}

TEST_F(ColdFileTest, AWindowEndsWithItsFile) {
    const auto read = read_for(1, 0, 4);
    if (!read) GTEST_SKIP() << "files never leave memory here";
    EXPECT_EQ(read->offset_bytes + read->memory.size(), 700'000U);
}

TEST_F(ServePlanTest, AMissingFileIsNamed) {
    std::filesystem::remove(path("c"));
    const auto built = build({block(0, 0, 16'384), block(3, 0, 16'384)});
    ASSERT_FALSE(built);
    EXPECT_NE(built.error().sentence.find(path("c").string()), std::string::npos);
}

TEST_F(ServePlanTest, AFileCutShortIsAnErrorOfTheGatheringAndADiagnosisOfTheMapping) {
    ASSERT_TRUE(build({block(0, 0, 16'384)}));
    std::filesystem::resize_file(path("a"), 99'000);
    EXPECT_NE(plan.diagnose(*files).sentence.find("shorter"), std::string::npos);
    EXPECT_FALSE(build({block(1, 32'768, 16'384)}));
}

TEST_F(ServePlanTest, FilesStayOpenUntilThePlanIsCleared) {
    ASSERT_TRUE(build({block(0, 0, 16'384)}));
    table.close_torrent(torrent);
    expect_content(0, block(0, 0, 16'384));
    plan.clear();
}

}  // namespace
}  // namespace spate::driver
