#include <gtest/gtest.h>

#include "engine/base/hex.hpp"
#include "engine/metainfo/bencode.hpp"
#include "engine/metainfo/magnet.hpp"
#include "v2_content.hpp"

using namespace spate;
using namespace spate::metainfo;

namespace {

std::string sha1_of_info(const NewTorrent& torrent) {
    return to_hex(hashing::sha1(write_info(torrent)).bytes);
}

std::string sha256_of_info(const NewTorrent& torrent) {
    return to_hex(hashing::sha256(write_info(torrent)).bytes);
}

NewTorrent one_in_a_folder(TorrentVersion version) {
    return torrent_of_files("alone", {{.path = {"x"}, .size_bytes = 20}}, version);
}

std::vector<std::string> layout(std::vector<NewFile> files, TorrentVersion version) {
    std::vector<std::string> shown;
    for (const NewFile& file : aligned_layout(std::move(files), v2_piece_length, version)) {
        shown.emplace_back(file.pad ? "pad " + std::to_string(file.size_bytes) : "");
        if (file.pad) continue;
        for (const std::string& component : file.path) shown.back() += "/" + component;
    }
    return shown;
}

using Strings = std::vector<std::string>;

}  // namespace

// The hashes are what libtorrent 2.0.8 makes of the same files (with create_torrent.symlinks).
TEST(TorrentWriterV2, InfoHashesAreThoseOfLibtorrent) {
    EXPECT_EQ(sha256_of_info(v2_folder(TorrentVersion::v2)),
              "2625e6f381d2ff6b3912b2fd7c0da06250dcceef024082f67c808fef1b9b811d");
    EXPECT_EQ(sha256_of_info(v2_single(TorrentVersion::v2)),
              "89b5d130f9c83a8ad939686d90fc30d38aec2cc32fad4e7ec6da9d7d8fc4d3fa");
    EXPECT_EQ(sha256_of_info(one_in_a_folder(TorrentVersion::v2)),
              "89b2c53cdd9c78aa60a8fb306dfbb46a7fa886bef2856645b21dcfa43ef4dd7b");
}

TEST(TorrentWriterV2, BothInfoHashesOfAHybridAreThoseOfLibtorrent) {
    const NewTorrent folder = v2_folder(TorrentVersion::hybrid);
    EXPECT_EQ(sha1_of_info(folder), "2f370fdc002a54f4bad80110b05bcaef56b8fec8");
    EXPECT_EQ(sha256_of_info(folder),
              "3f0c2c02554e686f2706131050b64a88b1211efacfe9ee070b58251e20747e67");
    EXPECT_EQ(sha1_of_info(v2_single(TorrentVersion::hybrid)),
              "6f4756f1f57c7e32a01cdd217a731f0af5b1166d");
    EXPECT_EQ(sha1_of_info(one_in_a_folder(TorrentVersion::hybrid)),
              "48a08135e955c27588b761e0b68eff8a88a53e00");
}

TEST(TorrentWriterV2, ParsingGivesBackWhatWasWritten) {
    for (const auto version : {TorrentVersion::v2, TorrentVersion::hybrid}) {
        const NewTorrent made = v2_folder(version);
        const auto read = parse_torrent(write_torrent(made));
        ASSERT_TRUE(read) << read.error().sentence;
        EXPECT_EQ(read->version(), version == TorrentVersion::v2 ? "v2" : "hybrid");
        EXPECT_EQ(read->piece_hashes, made.piece_hashes);
        EXPECT_EQ(read->piece_roots, made.piece_roots);
        ASSERT_EQ(read->files.size(), made.files.size());
        for (std::size_t i = 0; i < made.files.size(); ++i) {
            EXPECT_EQ(read->files[i].path, made.files[i].path);
            EXPECT_EQ(read->files[i].size_bytes, made.files[i].size_bytes);
            EXPECT_EQ(read->files[i].pad, made.files[i].pad);
            EXPECT_EQ(read->files[i].executable, made.files[i].executable);
            EXPECT_EQ(read->files[i].symlink, made.files[i].symlink);
        }
    }
}

TEST(TorrentWriterV2, OutputIsCanonical) {
    for (const auto version : {TorrentVersion::v2, TorrentVersion::hybrid}) {
        const auto file = write_torrent(v2_folder(version));
        const auto document = bencode::parse(file);
        ASSERT_TRUE(document);
        EXPECT_TRUE(document->is_canonical());
    }
}

TEST(TorrentWriterV2, ATorrentReadIsWrittenWithItsPieceLayers) {
    for (const auto version : {TorrentVersion::v2, TorrentVersion::hybrid}) {
        const auto read = parse_torrent(write_torrent(v2_folder(version)));
        ASSERT_TRUE(read);
        EXPECT_EQ(parse_torrent(write_torrent(*read)), *read);
    }
}

TEST(TorrentWriterV2, AHybridWithoutKnownPieceLayersIsWrittenWithout) {
    const auto read = parse_info(write_info(v2_folder(TorrentVersion::hybrid)));
    ASSERT_TRUE(read) << read.error().sentence;
    EXPECT_TRUE(read->piece_roots.empty());
    EXPECT_EQ(parse_torrent(write_torrent(*read)), *read);
}

TEST(TorrentWriterV2, FilesOfTheSameContentShareAPieceLayer) {
    const NewTorrent made = torrent_of_files(
        "twins", {{.path = {"a"}, .size_bytes = 40'000}, {.path = {"b"}, .size_bytes = 40'000}},
        TorrentVersion::v2);
    const auto read = parse_torrent(write_torrent(made));
    ASSERT_TRUE(read) << read.error().sentence;
    EXPECT_EQ(read->files[0].pieces_root, read->files[2].pieces_root);
    EXPECT_EQ(read->piece_roots, made.piece_roots);
}

TEST(TorrentWriterV2, ItsSizeIsKnownBeforeThereAreHashes) {
    for (const auto version : {TorrentVersion::v1, TorrentVersion::v2, TorrentVersion::hybrid}) {
        NewTorrent torrent = v2_folder(version);
        const std::size_t written = write_torrent(torrent).size();
        torrent.piece_hashes = {};
        torrent.piece_roots = {};
        const NewTorrent unhashed = torrent;
        EXPECT_EQ(size_once_hashed_bytes(torrent), written);
        EXPECT_EQ(torrent.piece_hashes, unhashed.piece_hashes);
        EXPECT_EQ(torrent.piece_roots, unhashed.piece_roots);
    }
}

TEST(TorrentWriterV2, AHybridOfAsManyFilesAsATorrentMayHaveIsRead) {
    NewTorrent torrent;
    torrent.version = TorrentVersion::hybrid;
    torrent.name = "many";
    torrent.single_file = false;
    torrent.piece_length_bytes = v2_piece_length_bytes_min;
    std::vector<NewFile> files;
    for (std::size_t i = 0; i < files_max; ++i)
        files.push_back({.path = {std::to_string(i)}, .size_bytes = 1});
    torrent.files = aligned_layout(std::move(files), torrent.piece_length_bytes, torrent.version);
    torrent.piece_hashes.resize(files_max);
    torrent.piece_roots.resize(files_max);
    const auto read = parse_torrent(write_torrent(torrent));
    ASSERT_TRUE(read) << read.error().sentence;
    EXPECT_EQ(read->files.size(), entries_max);
}

TEST(TorrentWriterV2, PathsAsDeepAsTheyMayBeAreWritten) {
    const NewTorrent made =
        torrent_of_files("deep",
                         {{.path = Strings(path_components_max, "d"), .size_bytes = 1},
                          {.path = {"link"}, .symlink = {"d"}}},
                         TorrentVersion::v2);
    EXPECT_TRUE(parse_torrent(write_torrent(made)));
}

TEST(TorrentWriterV2, MagnetsHaveTheHashesOfTheVersion) {
    const auto link = [](TorrentVersion version) {
        return magnet_to(*parse_torrent(write_torrent(v2_folder(version))));
    };
    EXPECT_FALSE(link(TorrentVersion::v2).info_hash);
    EXPECT_TRUE(link(TorrentVersion::v2).info_hash_v2);
    EXPECT_TRUE(link(TorrentVersion::hybrid).info_hash);
    EXPECT_TRUE(link(TorrentVersion::hybrid).info_hash_v2);
    EXPECT_EQ(parse_magnet(format_magnet(link(TorrentVersion::v2))), link(TorrentVersion::v2));
}

TEST(TorrentWriterV2, AFolderThatReadsAsAFileIsKnown) {
    EXPECT_TRUE(is_taken_for_a_single_file("x", std::vector<NewFile>{{.path = {"x"}}}));
    EXPECT_FALSE(is_taken_for_a_single_file("x", std::vector<NewFile>{{.path = {"y"}}}));
    EXPECT_FALSE(is_taken_for_a_single_file("x", std::vector<NewFile>{{.path = {"x", "x"}}}));
}

TEST(TorrentWriterV2DeathTest, RootsThatDoNotFitAreABug) {
    NewTorrent torrent = v2_folder(TorrentVersion::v2);
    torrent.piece_roots.pop_back();
    EXPECT_DEATH(write_info(torrent), "piece_roots");
}

TEST(AlignedLayout, FilesComeInTheOrderOfTheTree) {
    const std::vector<NewFile> files{{.path = {"a.txt"}},
                                     {.path = {"a-b", "x"}},
                                     {.path = {"\xff"}},
                                     {.path = {"a", "z"}},
                                     {.path = {"B"}}};
    EXPECT_EQ(layout(files, TorrentVersion::v2),
              (Strings{"/B", "/a/z", "/a-b/x", "/a.txt", "/\xff"}));
    EXPECT_EQ(layout(files, TorrentVersion::v1).front(), "/a.txt") << "v1 as it is";
}

TEST(AlignedLayout, PadsFollowWhatDoesNotFillItsLastPiece) {
    const std::vector<NewFile> files{{.path = {"a"}, .size_bytes = 40'000},
                                     {.path = {"b"}, .size_bytes = 2 * v2_piece_length},
                                     {.path = {"c"}},
                                     {.path = {"d"}, .size_bytes = 1}};
    EXPECT_EQ(layout(files, TorrentVersion::v2), (Strings{"/a", "pad 25536", "/b", "/c", "/d"}));
    EXPECT_EQ(layout(files, TorrentVersion::hybrid),
              (Strings{"/a", "pad 25536", "/b", "/c", "/d", "pad 32767"}));
    EXPECT_EQ(layout({{.path = {"d"}, .size_bytes = 1}}, TorrentVersion::hybrid), Strings{"/d"});
}
