#include "engine/driver/content/content_check.hpp"

#include <cerrno>
#include <gmock/gmock.h>
#include <numeric>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/engine/driver/content/scratch_folder.hpp"

using namespace spate;
using namespace spate::driver;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

constexpr std::uint32_t piece_length = 16 << 10;

class CheckContent : public testing::Test {
protected:
    CheckContent() {
        folder_.write_random("album/a", 3 * piece_length + 100);
        folder_.write_random("album/b/c", 2 * piece_length);
        folder_.write("album/empty", {});
        folder_.write_random("album/z", 777);
        torrent_ = torrent_of(folder_ / "album", piece_length);
    }

    ContentReport check(Bitfield pieces = {}) {
        progress_.bytes = 0;
        return check_content({torrent_, folder_.path(), std::move(pieces), 2},
                             hashing::Hasher::best(), progress_, {})
            .value();
    }

    ScratchFolder folder_;
    metainfo::Metainfo torrent_;
    hashing::PieceProgress progress_;
};

}  // namespace

TEST_F(CheckContent, WholeDataIsGood) {
    const ContentReport report = check();
    EXPECT_TRUE(report.good.all());
    EXPECT_EQ(report.good.size(), 6U);
    EXPECT_THAT(report.bad, IsEmpty());
    EXPECT_THAT(report.missing, IsEmpty());
    EXPECT_THAT(report.faults, IsEmpty());
    EXPECT_EQ(report.files_there, 4U);
    EXPECT_EQ(progress_.bytes, torrent_.total_bytes);
}

TEST_F(CheckContent, AFlippedByteMakesItsPieceBad) {
    folder_.flip_byte("album/b/c", 10);  // in the piece that begins in `a`
    EXPECT_THAT(check().bad, ElementsAre(PieceIndex(3)));
}

TEST_F(CheckContent, OnlyTheChosenPiecesAreChecked) {
    folder_.flip_byte("album/a", 0);
    Bitfield pieces(torrent_.piece_count());
    pieces.set(1);
    const ContentReport report = check(pieces);
    EXPECT_EQ(report.good.count(), 1U);
    EXPECT_THAT(report.bad, IsEmpty());
    EXPECT_EQ(progress_.bytes, piece_length);
}

TEST_F(CheckContent, AMissingFileCostsThePiecesItTouchesAndIsNamed) {
    std::filesystem::remove(folder_ / "album/b/c");
    const ContentReport report = check();
    EXPECT_THAT(report.missing, ElementsAre(PieceIndex(3), PieceIndex(4), PieceIndex(5)));
    ASSERT_EQ(report.faults.size(), 1U);
    EXPECT_EQ(report.faults[0].error, ENOENT);
    EXPECT_THAT(describe_fault(torrent_, folder_.path(), report.faults[0]),
                HasSubstr("album/b/c is missing"));
    EXPECT_EQ(progress_.bytes, torrent_.total_bytes);
}

TEST_F(CheckContent, AMissingEmptyFileIsAFaultButCostsNoPiece) {
    std::filesystem::remove(folder_ / "album/empty");
    const ContentReport report = check();
    EXPECT_TRUE(report.good.all());
    EXPECT_EQ(report.faults.size(), 1U);
}

TEST_F(CheckContent, AShortFileKeepsTheBytesItHas) {
    std::filesystem::resize_file(folder_ / "album/a", piece_length + 1);
    const ContentReport report = check();
    EXPECT_TRUE(report.good.test(0));
    EXPECT_THAT(report.missing, ElementsAre(PieceIndex(1), PieceIndex(2), PieceIndex(3)));
    EXPECT_EQ(report.faults.at(0).offset_bytes, piece_length + 1);
    EXPECT_THAT(describe_fault(torrent_, folder_.path(), report.faults[0]),
                HasSubstr("ends after 16385 of 49252 bytes"));
}

TEST_F(CheckContent, AFileThatIsTooLongIsAFaultOnly) {
    std::filesystem::resize_file(folder_ / "album/z", 1000);
    const ContentReport report = check();
    EXPECT_TRUE(report.good.all());
    EXPECT_TRUE(report.faults.at(0).too_long);
}

TEST_F(CheckContent, AFolderInTheWayOfAFileIsAFault) {
    std::filesystem::remove(folder_ / "album/z");
    std::filesystem::create_directory(folder_ / "album/z");
    const ContentReport report = check();
    EXPECT_THAT(report.missing, ElementsAre(PieceIndex(5)));
    EXPECT_EQ(report.faults.size(), 1U);
}

TEST_F(CheckContent, HolesAreMissingWithoutBeingRead) {
    std::filesystem::resize_file(folder_ / "album/a", 0);
    std::filesystem::resize_file(folder_ / "album/a", 3 * piece_length + 100);
    const ContentReport report = check();
    EXPECT_THAT(report.missing, ElementsAre(PieceIndex(0), PieceIndex(1), PieceIndex(2)));
    EXPECT_THAT(report.bad, ElementsAre(PieceIndex(3)));  // its other part is data
}

TEST_F(CheckContent, HolesAreGoodWhereTheTorrentHasZeros) {
    folder_.write("zeros", std::vector<std::byte>(5 * piece_length + 9));
    torrent_ = torrent_of(folder_ / "zeros", piece_length);
    std::filesystem::resize_file(folder_ / "zeros", 0);
    std::filesystem::resize_file(folder_ / "zeros", 5 * piece_length + 9);
    EXPECT_TRUE(check().good.all());
}

TEST_F(CheckContent, PadFilesAreZerosWithoutAFile) {
    std::vector<std::byte> padded(piece_length);
    Prng(5).fill(MutableBytes(padded).first(1000));
    folder_.write("padded/a", Bytes(padded).first(1000));
    folder_.write_random("padded/b", 500);
    metainfo::NewTorrent torrent;
    torrent.name = "padded";
    torrent.single_file = false;
    torrent.piece_length_bytes = piece_length;
    torrent.files = {{{"a"}, 1000}, {{".pad", "15384"}, piece_length - 1000, true}, {{"b"}, 500}};
    const metainfo::Metainfo last = torrent_of(folder_ / "padded/b", piece_length);
    folder_.write("first", padded);
    torrent.piece_hashes = {torrent_of(folder_ / "first", piece_length).piece_hashes[0],
                            last.piece_hashes[0]};
    torrent_ = metainfo::parse_torrent(metainfo::write_torrent(torrent)).value();
    EXPECT_TRUE(check().good.all());
    EXPECT_EQ(check().files_there, 2U);
}

TEST_F(CheckContent, ACancelledCheckSaysSo) {
    std::stop_source stop;
    stop.request_stop();
    const auto report = check_content({torrent_, folder_.path(), {}, 1}, hashing::Hasher::best(),
                                      progress_, stop.get_token());
    EXPECT_TRUE(report->cancelled);
    EXPECT_TRUE(report->good.none());
}

TEST_F(CheckContent, AFolderThatIsNotThereIsASentence) {
    const auto report = check_content({torrent_, folder_ / "nowhere", {}, 1},
                                      hashing::Hasher::best(), progress_, {});
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error(), HasSubstr("nowhere: No such file"));
}

TEST_F(CheckContent, MoreFilesThanDescriptorsHeldAreChecked) {
    for (std::size_t i = 0; i < 2 * ContentReader::open_files_max + 3; ++i)
        folder_.write_random("many/" + std::to_string(i), 1000 + i);
    torrent_ = torrent_of(folder_ / "many", 1 << 10);
    EXPECT_TRUE(check().good.all());
}

class CheckContentOfV2 : public CheckContent,
                         public testing::WithParamInterface<metainfo::TorrentVersion> {
protected:
    CheckContentOfV2() {
        folder_.write_random("album/big", 5 * piece_length + 5);
        torrent_ = torrent_of(folder_ / "album", piece_length, GetParam());
    }
};

INSTANTIATE_TEST_SUITE_P(Versions, CheckContentOfV2,
                         testing::Values(metainfo::TorrentVersion::v2,
                                         metainfo::TorrentVersion::hybrid),
                         [](const auto& version) {
                             return version.param == metainfo::TorrentVersion::v2 ? "V2" : "Hybrid";
                         });

TEST_P(CheckContentOfV2, WholeDataIsGood) {
    const ContentReport report = check();
    EXPECT_TRUE(report.good.all());
    EXPECT_EQ(report.good.size(), 4U + 2U + 6U + 1U);
    EXPECT_THAT(report.faults, IsEmpty());
    EXPECT_EQ(report.files_there, 5U);
    EXPECT_EQ(progress_.bytes, bytes_to_check(torrent_));
}

TEST_P(CheckContentOfV2, AFlippedByteMakesItsPieceBad) {
    folder_.flip_byte("album/b/c", 10);  // the first of its own pieces
    EXPECT_THAT(check().bad, ElementsAre(PieceIndex(4)));
}

TEST_P(CheckContentOfV2, EachVersionsDigestCounts) {
    if (!torrent_.piece_hashes.empty()) torrent_.piece_hashes[2].bytes[0] ^= std::byte{1};
    torrent_.piece_roots[8].bytes[0] ^= std::byte{1};
    if (torrent_.piece_hashes.empty())
        EXPECT_THAT(check().bad, ElementsAre(PieceIndex(8)));
    else
        EXPECT_THAT(check().bad, ElementsAre(PieceIndex(2), PieceIndex(8)));
}

TEST_P(CheckContentOfV2, AMissingFileCostsItsOwnPiecesOnly) {
    std::filesystem::remove(folder_ / "album/b/c");
    EXPECT_THAT(check().missing, ElementsAre(PieceIndex(4), PieceIndex(5)));
}

TEST_P(CheckContentOfV2, HolesAreGoodWhereTheTorrentHasZeros) {
    const auto make = [&](bool holes) {
        for (const std::size_t size : {5 * piece_length + 9, piece_length / 2, 3 * piece_length}) {
            const std::string name = "zeros/" + std::to_string(size);
            folder_.write(name, std::vector<std::byte>(holes ? 0 : size));
            std::filesystem::resize_file(folder_ / name, size);
        }
    };
    make(false);
    torrent_ = torrent_of(folder_ / "zeros", piece_length, GetParam());
    make(true);
    EXPECT_TRUE(check().good.all());
}

TEST_F(CheckContent, WithoutHashesThereIsNothingToCheckBy) {
    torrent_.piece_hashes.clear();
    const auto report =
        check_content({torrent_, folder_.path(), {}, 1}, hashing::Hasher::best(), progress_, {});
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error(), HasSubstr("no hashes of its pieces"));
}
